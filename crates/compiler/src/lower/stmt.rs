//! Statements and patterns.

use ruff_python_ast as r;
use ruff_text_size::Ranged;

use super::{Lowerer, expr::bin_op, of_range, span, with_stack};
use crate::ast::*;
use crate::names::{Sym, known};

impl<'a> Lowerer<'a, '_> {
    pub fn body(&mut self, b: &[r::Stmt]) -> Body<'a> {
        self.blocks += 1;
        if self.blocks >= 100
            && let Some(s) = b.first()
        {
            self.b.suspect(span(s).start);
        }
        let out = self.slice_of(b, |s, st| s.stmt(st));
        self.blocks -= 1;
        out
    }

    fn stmt(&mut self, s: &r::Stmt) -> Stmt<'a> {
        let mut out = Stmt { span: span(s), kind: StmtKind::Pass };
        if self.enter() {
            with_stack(self.depth, || self.stmt_into(s, &mut out));
        }
        self.depth -= 1;
        let compound = matches!(
            out.kind,
            StmtKind::FunctionDef(_)
                | StmtKind::ClassDef(_)
                | StmtKind::If(..)
                | StmtKind::For(_)
                | StmtKind::While(..)
                | StmtKind::With(_)
                | StmtKind::Match(..)
                | StmtKind::Try(_)
        );
        if compound {
            out.span.end = self.with_semicolon(out.span.end);
        }
        out
    }

    /// The semicolon behind the last statement of a block is the block's.
    fn with_semicolon(&self, end: u32) -> u32 {
        let rest = &self.src.as_bytes()[end as usize..];
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if rest.get(blanks) == Some(&b';') { end + blanks as u32 + 1 } else { end }
    }

    fn stmt_into(&mut self, s: &r::Stmt, out: &mut Stmt<'a>) {
        use StmtKind as K;
        out.kind = match s {
            r::Stmt::Expr(e) => K::Expr(self.expr_ref(&e.value)),
            r::Stmt::Assign(a) => {
                let targets = self.exprs(&a.targets);
                K::Assign(targets, self.expr_ref(&a.value))
            }
            r::Stmt::Return(x) => K::Return(self.opt_expr(&x.value)),
            r::Stmt::If(i) => self.if_stmt(i),
            r::Stmt::FunctionDef(f) => {
                out.span.start = self.after_decorators(&f.decorator_list, out.span.start);
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let decorators = self.slice_of(&f.decorator_list, |s, d| s.expr(&d.expression));
                let type_params = self.type_params(f.type_params.as_deref());
                let args = self.arguments(&f.parameters);
                let returns = f.returns.as_ref().map(|e| self.annotation(e)).map(|e| self.b.alloc(e));
                let body = self.body(&f.body);
                let name = self.sym(&f.name);
                let is_async = f.is_async;
                K::FunctionDef(self.b.alloc(FunctionDef {
                    scope,
                    is_async,
                    name,
                    args,
                    body,
                    decorators,
                    returns,
                    type_params,
                }))
            }
            r::Stmt::ClassDef(c) => {
                out.span.start = self.after_decorators(&c.decorator_list, out.span.start);
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let decorators = self.slice_of(&c.decorator_list, |s, d| s.expr(&d.expression));
                let type_params = self.type_params(c.type_params.as_deref());
                let bases = self.exprs(c.bases());
                let keywords = self.keywords(c.keywords());
                let body = self.body(&c.body);
                let name = self.sym(&c.name);
                K::ClassDef(self.b.alloc(ClassDef {
                    scope,
                    name,
                    bases,
                    keywords,
                    body,
                    decorators,
                    type_params,
                }))
            }
            r::Stmt::For(f) => {
                let f = For {
                    is_async: f.is_async,
                    target: self.expr(&f.target),
                    iter: self.expr(&f.iter),
                    body: self.body(&f.body),
                    orelse: self.body(&f.orelse),
                };
                K::For(self.b.alloc(f))
            }
            r::Stmt::While(w) => {
                let test = self.expr_ref(&w.test);
                let body = self.body(&w.body);
                K::While(test, body, self.body(&w.orelse))
            }
            r::Stmt::AugAssign(a) => {
                let t = self.expr_ref(&a.target);
                let v = self.expr_ref(&a.value);
                K::AugAssign(t, bin_op(a.op), v)
            }
            r::Stmt::AnnAssign(a) => {
                let a = AnnAssign {
                    target: self.expr(&a.target),
                    annotation: self.annotation(&a.annotation),
                    value: a.value.as_ref().map(|v| self.expr(v)),
                    simple: a.simple,
                };
                K::AnnAssign(self.b.alloc(a))
            }
            r::Stmt::With(w) => {
                let items = self.slice_of(&w.items, |s, i| WithItem {
                    context: s.expr(&i.context_expr),
                    vars: i.optional_vars.as_ref().map(|v| s.expr(v)),
                });
                let body = self.body(&w.body);
                K::With(self.b.alloc(With { is_async: w.is_async, items, body }))
            }
            r::Stmt::Try(t) => {
                let body = self.body(&t.body);
                let handlers = self.slice_of(&t.handlers, |s, h| {
                    let r::ExceptHandler::ExceptHandler(h) = h;
                    let mut at = span(h);
                    at.end = s.with_semicolon(at.end);
                    ExceptHandler {
                        span: at,
                        typ: s.opt_expr(&h.type_),
                        name: h.name.as_ref().map(|n| s.sym(n)),
                        body: s.body(&h.body),
                    }
                });
                let orelse = self.body(&t.orelse);
                let finalbody = self.body(&t.finalbody);
                K::Try(self.b.alloc(Try { body, handlers, orelse, finalbody, is_star: t.is_star }))
            }
            r::Stmt::Raise(x) => {
                let e = self.opt_expr(&x.exc);
                K::Raise(e, self.opt_expr(&x.cause))
            }
            r::Stmt::Assert(a) => {
                let t = self.expr_ref(&a.test);
                K::Assert(t, self.opt_expr(&a.msg))
            }
            r::Stmt::Delete(d) => K::Delete(self.exprs(&d.targets)),
            r::Stmt::Import(i) => K::Import(self.aliases(&i.names)),
            r::Stmt::ImportFrom(i) => {
                let module = i.module.as_ref().map(|m| self.sym(m));
                let names = self.aliases(&i.names);
                K::ImportFrom(self.b.alloc(ImportFrom { module, names, level: i.level }))
            }
            r::Stmt::Global(g) => K::Global(self.syms(&g.names)),
            r::Stmt::Nonlocal(g) => K::Nonlocal(self.syms(&g.names)),
            r::Stmt::Match(m) => {
                let subject = self.expr_ref(&m.subject);
                let cases = self.slice_of(&m.cases, |s, c| MatchCase {
                    pattern: s.pattern(&c.pattern),
                    guard: c.guard.as_ref().map(|g| s.expr(g)),
                    body: s.body(&c.body),
                });
                K::Match(subject, cases)
            }
            r::Stmt::TypeAlias(t) => {
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let name = self.expr(&t.name);
                let type_params = self.type_params(t.type_params.as_deref());
                let value = self.expr(&t.value);
                K::TypeAlias(self.b.alloc(TypeAlias { scope, name, type_params, value }))
            }
            r::Stmt::Pass(_) | r::Stmt::IpyEscapeCommand(_) => K::Pass,
            r::Stmt::Break(_) => K::Break,
            r::Stmt::Continue(_) => K::Continue,
        };
    }

    fn after_decorators(&self, ds: &[r::Decorator], start: u32) -> u32 {
        match ds.last() {
            Some(d) => {
                // Closing parentheses around the expression are inside the decorator's range.
                self.skip_trivia(d.range().end().to_usize()) as u32
            }
            None => start,
        }
    }

    fn if_stmt(&mut self, i: &r::StmtIf) -> StmtKind<'a> {
        let test = self.expr_ref(&i.test);
        let body = self.body(&i.body);
        let end = self.with_semicolon(span(i).end);
        // Lower the clauses in order (scopes are numbered by position), then link them from the last.
        let clauses: Vec<_> = i
            .elif_else_clauses
            .iter()
            .map(|c| {
                let t = c.test.as_ref().map(|t| self.expr_ref(t));
                (t, self.body(&c.body), of_range(c.range).start)
            })
            .collect();
        let mut orelse: Body<'a> = &[];
        for (t, b, start) in clauses.into_iter().rev() {
            orelse = match t {
                None => b,
                Some(t) => {
                    let s = Stmt { span: Span { start, end }, kind: StmtKind::If(t, b, orelse) };
                    std::slice::from_ref(self.b.alloc(s))
                }
            };
        }
        StmtKind::If(test, body, orelse)
    }

    fn aliases(&mut self, names: &[r::Alias]) -> &'a [Alias] {
        self.slice_of(names, |s, a| Alias {
            span: span(a),
            name: s.sym(&a.name),
            asname: a.asname.as_ref().map(|n| s.sym(n)),
        })
    }

    fn syms(&mut self, names: &[r::Identifier]) -> &'a [Sym] {
        self.slice_of(names, |s, n| s.sym(n))
    }

    fn type_params(&mut self, tp: Option<&r::TypeParams>) -> &'a [TypeParam<'a>] {
        let Some(tp) = tp else { return &[] };
        self.slice_of(&tp.type_params, |s, p| {
            let scope = s.b.new_scope(2);
            match p {
                r::TypeParam::TypeVar(t) => {
                    let name = s.sym(&t.name);
                    let bound = s.opt_expr(&t.bound);
                    let default = s.opt_expr(&t.default);
                    TypeParam { span: span(t), name, kind: TypeParamKind::TypeVar { bound }, default, scope }
                }
                r::TypeParam::TypeVarTuple(t) => {
                    let name = s.sym(&t.name);
                    let default = s.opt_expr(&t.default);
                    TypeParam { span: span(t), name, kind: TypeParamKind::TypeVarTuple, default, scope }
                }
                r::TypeParam::ParamSpec(t) => {
                    let name = s.sym(&t.name);
                    let default = s.opt_expr(&t.default);
                    TypeParam { span: span(t), name, kind: TypeParamKind::ParamSpec, default, scope }
                }
            }
        })
    }

    fn pattern(&mut self, p: &r::Pattern) -> Pattern<'a> {
        let kind = if self.enter() {
            with_stack(self.depth, || self.pattern_kind(p))
        } else {
            PatternKind::Star(None)
        };
        self.depth -= 1;
        Pattern { span: span(p), kind }
    }

    fn pattern_kind(&mut self, p: &r::Pattern) -> PatternKind<'a> {
        use PatternKind as K;
        match p {
            r::Pattern::MatchValue(v) => {
                if !is_literal_pattern(&v.value) {
                    self.b.suspect(span(&*v.value).start);
                }
                let e = self.expr(&v.value);
                let e = self.b.pattern_value(e);
                K::Value(self.b.alloc(e))
            }
            r::Pattern::MatchSingleton(s) => K::Singleton(match s.value {
                r::Singleton::None => Lit::None,
                r::Singleton::True => Lit::True,
                r::Singleton::False => Lit::False,
            }),
            r::Pattern::MatchSequence(s) => K::Sequence(self.slice_of(&s.patterns, |s, p| s.pattern(p))),
            r::Pattern::MatchMapping(m) => {
                let keys = self.slice_of(&m.keys, |s, k| {
                    let e = s.expr(k);
                    s.b.pattern_value(e)
                });
                let patterns = self.slice_of(&m.patterns, |s, p| s.pattern(p));
                let rest = m.rest.as_ref().map(|r| self.sym(r));
                K::Mapping(self.b.alloc(MappingPattern { keys, patterns, rest }))
            }
            r::Pattern::MatchClass(c) => {
                let cls = self.expr(&c.cls);
                let patterns = self.slice_of(&c.arguments.patterns, |s, p| s.pattern(p));
                let kwd_attrs = self.slice_of(&c.arguments.keywords, |s, k| s.sym(&k.attr));
                let kwd_spans = self.slice_of(&c.arguments.keywords, |_, k| of_range(k.attr.range));
                let kwd_patterns = self.slice_of(&c.arguments.keywords, |s, k| s.pattern(&k.pattern));
                K::Class(self.b.alloc(ClassPattern { cls, patterns, kwd_attrs, kwd_patterns, kwd_spans }))
            }
            r::Pattern::MatchStar(s) => {
                let name = s.name.as_ref().map(|n| self.sym(n)).filter(|n| *n != known::UNDERSCORE);
                K::Star(name)
            }
            r::Pattern::MatchAs(a) => {
                let p = a.pattern.as_ref().map(|p| self.pattern(p));
                let p = p.map(|p| self.b.alloc(p));
                K::As(p, a.name.as_ref().map(|n| self.sym(n)))
            }
            r::Pattern::MatchOr(o) => K::Or(self.slice_of(&o.patterns, |s, p| s.pattern(p))),
        }
    }
}

/// The forms of values that the grammar of patterns knows.
fn is_literal_pattern(e: &r::Expr) -> bool {
    let number = |e: &r::Expr| e.is_number_literal_expr();
    let signed = |e: &r::Expr| match e {
        r::Expr::UnaryOp(u) => u.op == r::UnaryOp::USub && number(&u.operand),
        e => number(e),
    };
    match e {
        r::Expr::BinOp(b) => {
            matches!(b.op, r::Operator::Add | r::Operator::Sub) && signed(&b.left) && number(&b.right)
        }
        r::Expr::UnaryOp(_) => signed(e),
        _ => true,
    }
}
