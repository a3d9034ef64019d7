//! Expressions, targets and patterns: the names that they use and bind; comprehensions, `:=`, `yield` and `await` where
//! they may be.

use super::*;

impl<'a> Builder<'a, '_, '_> {
    pub(super) fn expr(&mut self, e: &'a Expr<'a>) -> Res {
        // Leaves first: they are most of a program.
        match &e.kind {
            ExprKind::Constant(_) | ExprKind::UStr(_) => return Ok(()),
            ExprKind::Name(n) => return self.use_name(*n, e.span),
            _ => {}
        }
        self.deeper(|b| b.expr_inner(e))
    }
    pub(super) fn use_name(&mut self, n: Sym, span: Span) -> Res {
        if self.scope().in_unevaluated_annotation {
            return Ok(());
        }
        self.def(n, flag::USE, span)?;
        if n == known::SUPER && self.scope().function_like() {
            self.def(known::CLASS, flag::USE, span)?;
        }
        Ok(())
    }
    /// A target of an assignment: names in it are bound, the rest is evaluated.
    pub(super) fn target(&mut self, e: &'a Expr<'a>) -> Res {
        match &e.kind {
            ExprKind::Name(n) => {
                if self.scope().in_unevaluated_annotation {
                    return Ok(());
                }
                self.def(*n, flag::LOCAL, e.span)
            }
            ExprKind::Tuple(es) | ExprKind::List(es) => {
                for e in es.iter() {
                    self.target(e)?;
                }
                Ok(())
            }
            ExprKind::Starred(e) => self.target(e),
            _ => self.expr(e),
        }
    }
    pub(super) fn del_target(&mut self, e: &'a Expr<'a>) -> Res {
        match &e.kind {
            ExprKind::Name(n) => self.def(*n, flag::LOCAL | flag::DELETED, e.span),
            ExprKind::Tuple(es) | ExprKind::List(es) => {
                for e in es.iter() {
                    self.del_target(e)?;
                }
                Ok(())
            }
            _ => self.expr(e),
        }
    }
    fn expr_inner(&mut self, e: &'a Expr<'a>) -> Res {
        use ExprKind as K;
        match &e.kind {
            K::Constant(_) | K::UStr(_) => {}
            K::Name(n) => self.use_name(*n, e.span)?,
            K::Named(t, v) => {
                self.forbid_in_annotation("named expression", e)?;
                self.named(t, v, e)?;
            }
            K::BoolOp(_, es)
            | K::Set(es)
            | K::List(es)
            | K::Tuple(es)
            | K::JoinedStr(es)
            | K::TemplateStr(es) => self.exprs(es)?,
            K::BinOp(l, _, r) => {
                self.expr(l)?;
                self.expr(r)?;
            }
            K::UnaryOp(_, v) | K::Attribute(v, _) | K::Starred(v) => self.expr(v)?,
            K::Lambda(l) => {
                self.defaults(&l.args)?;
                self.enter(l.scope, ScopeKind::Function, known::LAMBDA, e.span)?;
                self.scope().is_lambda = true;
                self.params(&l.args)?;
                self.expr(&l.body)?;
                self.exit();
            }
            K::IfExp(i) => {
                self.expr(&i.test)?;
                self.expr(&i.body)?;
                self.expr(&i.orelse)?;
            }
            K::Dict(items) => {
                for i in items.iter() {
                    if let Some(k) = &i.key {
                        self.expr(k)?;
                    }
                    self.expr(&i.value)?;
                }
            }
            K::ListComp(c) => self.comprehension(c, CompKind::List, known::LISTCOMP, e.span)?,
            K::SetComp(c) => self.comprehension(c, CompKind::Set, known::SETCOMP, e.span)?,
            K::DictComp(c) => self.comprehension(c, CompKind::Dict, known::DICTCOMP, e.span)?,
            K::GeneratorExp(c) => self.comprehension(c, CompKind::Generator, known::GENEXPR, e.span)?,
            K::Await(v) => {
                self.forbid_in_annotation("await expression", e)?;
                self.check_await(e)?;
                self.expr(v)?;
                self.scope().coroutine = true;
            }
            K::Yield(v) => {
                self.forbid_in_annotation("yield expression", e)?;
                self.opt(*v)?;
                self.yields(e)?;
            }
            K::YieldFrom(v) => {
                self.forbid_in_annotation("yield expression", e)?;
                self.expr(v)?;
                self.yields(e)?;
            }
            K::Compare(l, rest) => {
                self.expr(l)?;
                for (_, r) in rest.iter() {
                    self.expr(r)?;
                }
            }
            K::Call(c) => {
                self.expr(&c.func)?;
                self.exprs(c.args)?;
                for k in c.keywords {
                    self.expr(&k.value)?;
                }
            }
            K::FormattedValue(f) => {
                self.expr(&f.value)?;
                self.opt(f.spec)?;
            }
            K::Interpolation(f) => {
                self.expr(&f.value)?;
                self.opt(f.spec)?;
            }
            K::Subscript(v, i) => {
                self.expr(v)?;
                self.expr(i)?;
            }
            K::Slice(s) => {
                for e in [&s.lower, &s.upper, &s.step].into_iter().flatten() {
                    self.expr(e)?;
                }
            }
        }
        Ok(())
    }
    pub(super) fn check_await(&mut self, e: &Expr) -> Res {
        let top = self.opts.top_level_await && self.scope().kind == ScopeKind::Module;
        if top {
            return Ok(());
        }
        if !self.scope().function_like() {
            return Err(Error::new("'await' outside function", e.span));
        }
        if !self.scope().is_async_def && self.scope().comprehension.is_none() {
            return Err(Error::new("'await' outside async function", e.span));
        }
        Ok(())
    }
    pub(super) fn yields(&mut self, e: &Expr) -> Res {
        let s = self.scope();
        s.generator = true;
        let place = match s.comprehension {
            None => return Ok(()),
            Some(CompKind::List) => "list comprehension",
            Some(CompKind::Set) => "set comprehension",
            Some(CompKind::Dict) => "dict comprehension",
            Some(CompKind::Generator) => "generator expression",
        };
        Err(Error::new(format!("'yield' inside {place}"), e.span))
    }
    fn named(&mut self, target: &'a Expr<'a>, value: &'a Expr<'a>, e: &Expr) -> Res {
        if self.scope().comp_iter_expr > 0 {
            return Err(Error::new(
                "assignment expression cannot be used in a comprehension iterable expression",
                e.span,
            ));
        }
        let ExprKind::Name(name) = target.kind else {
            return self.expr(value);
        };
        if self.scope().comprehension.is_some() {
            self.extend_named(name, target.span)?;
        }
        self.expr(value)?;
        self.def(name, flag::LOCAL | flag::WALRUS, target.span)
    }
    /// An assignment expression in a comprehension binds in the scope around it.
    fn extend_named(&mut self, name: Sym, span: Span) -> Res {
        for i in (0..self.stack.len()).rev() {
            let id = self.stack[i];
            let m = self.mangled(id, name);
            let f = self.scopes[id].symbols.flags(m);
            if self.scopes[id].comprehension.is_some() {
                if f & flag::COMP_ITER != 0 && f & (flag::LOCAL | flag::GLOBAL) != 0 {
                    return Err(Error::new(
                        format!(
                            "assignment expression cannot rebind comprehension iteration variable '{}'",
                            self.names.get(name)
                        ),
                        span,
                    ));
                }
                continue;
            }
            let place = match self.scopes[id].kind {
                ScopeKind::Function => {
                    let here = if f & flag::GLOBAL != 0 { flag::GLOBAL } else { flag::NONLOCAL };
                    self.def(name, here, span)?;
                    let m = self.mangled(self.cur, name);
                    self.scope().directives.push((m, span));
                    return self.def_in(id, name, flag::LOCAL | flag::WALRUS, span);
                }
                ScopeKind::Module => {
                    self.def(name, flag::GLOBAL, span)?;
                    let m = self.mangled(self.cur, name);
                    self.scope().directives.push((m, span));
                    return self.def_in(id, name, flag::GLOBAL, span);
                }
                ScopeKind::Class => "a class body",
                ScopeKind::TypeParams => "the definition of a generic",
                ScopeKind::TypeAlias => "a type alias",
                ScopeKind::TypeVariable => "a TypeVar bound",
                ScopeKind::Annotation => continue,
            };
            return Err(Error::new(
                match place {
                    "a class body" | "the definition of a generic" | "a type alias" | "a TypeVar bound" => {
                        let word = if place == "the definition of a generic" { "within" } else { "in" };
                        format!("assignment expression within a comprehension cannot be used {word} {place}")
                    }
                    _ => unreachable!(),
                },
                span,
            ));
        }
        Ok(())
    }
    fn comprehension(&mut self, c: &'a Comp<'a>, kind: CompKind, name: Sym, span: Span) -> Res {
        let Some(first) = c.generators.first() else { return Ok(()) };
        self.scope().comp_iter_expr += 1;
        self.expr(&first.iter)?;
        self.scope().comp_iter_expr -= 1;
        let unevaluated = self.scope().in_unevaluated_annotation;
        self.enter(c.scope, ScopeKind::Function, name, span)?;
        self.scope().in_unevaluated_annotation = unevaluated;
        self.scope().comprehension = Some(kind);
        if first.is_async {
            self.scope().coroutine = true;
        }
        self.def(known::ITER0, flag::PARAM, span)?;
        self.comp_target(&first.target)?;
        self.exprs(first.ifs)?;
        for g in &c.generators[1..] {
            self.comp_target(&g.target)?;
            self.scope().comp_iter_expr += 1;
            self.expr(&g.iter)?;
            self.scope().comp_iter_expr -= 1;
            self.exprs(g.ifs)?;
            if g.is_async {
                self.scope().coroutine = true;
            }
        }
        if let Some(v) = &c.value {
            self.expr(v)?;
        }
        self.expr(&c.elt)?;
        let generator = kind == CompKind::Generator;
        self.scope().generator = generator;
        let is_async = self.scope().coroutine && !generator;
        self.exit();
        if is_async {
            let top = self.opts.top_level_await && self.scope().kind == ScopeKind::Module;
            if !self.scope().is_async_def && self.scope().comprehension.is_none() && !top {
                return Err(Error::new(
                    "asynchronous comprehension outside of an asynchronous function",
                    span,
                ));
            }
            self.scope().coroutine = true;
        }
        Ok(())
    }
    fn comp_target(&mut self, t: &'a Expr<'a>) -> Res {
        self.scope().comp_iter_target = true;
        let out = self.target(t);
        self.scope().comp_iter_target = false;
        out
    }
    pub(super) fn pattern(&mut self, p: &'a Pattern<'a>) -> Res {
        self.deeper(|b| b.pattern_inner(p))
    }
    fn pattern_inner(&mut self, p: &'a Pattern<'a>) -> Res {
        match &p.kind {
            PatternKind::Value(e) => self.expr(e)?,
            PatternKind::Singleton(_) => {}
            PatternKind::Sequence(ps) | PatternKind::Or(ps) => {
                for p in ps.iter() {
                    self.pattern(p)?;
                }
            }
            PatternKind::Star(n) => {
                if let Some(n) = n {
                    self.def(*n, flag::LOCAL, p.span)?;
                }
            }
            PatternKind::Mapping(m) => {
                self.exprs(m.keys)?;
                for p in m.patterns {
                    self.pattern(p)?;
                }
                if let Some(n) = m.rest {
                    self.def(n, flag::LOCAL, p.span)?;
                }
            }
            PatternKind::Class(c) => {
                self.expr(&c.cls)?;
                for p in c.patterns.iter().chain(c.kwd_patterns) {
                    self.pattern(p)?;
                }
            }
            PatternKind::As(inner, n) => {
                if let Some(i) = inner {
                    self.pattern(i)?;
                }
                if let Some(n) = n {
                    self.def(*n, flag::LOCAL, p.span)?;
                }
            }
        }
        Ok(())
    }
}
