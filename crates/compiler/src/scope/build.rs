//! First pass over scopes: what every block binds and uses.

mod exprs;
mod types;

use std::rc::Rc;

use super::{CompKind, Scope, ScopeKind, Scopes, flag, mangle};
use crate::ast::*;
use crate::error::{Error, Res, WarningCategory};
use crate::lower::{MAX_DEPTH, with_stack};
use crate::names::{Names, Sym, known};

/// Options of the walk.
pub struct BuildOptions {
    pub future_annotations: bool,
    pub top_level_await: bool,
    /// Annotation blocks of functions without annotations stay (for `symtable`).
    pub keep_empty: bool,
}

pub(crate) fn build<'a>(
    m: &'a Module<'a>,
    names: &mut Names<'a>,
    opts: &BuildOptions,
    warnings: &mut Warnings,
) -> Res<Scopes> {
    let blank = Scope::new(ScopeKind::Function, known::EMPTY, Span::NONE);
    let mut list = Vec::with_capacity(m.scopes as usize);
    list.resize(m.scopes as usize, blank);
    list[0] = Scope::new(ScopeKind::Module, known::TOP, m.span);
    list[0].used = true;
    let mut b = Builder {
        scopes: Scopes { list },
        names,
        cur: 0,
        stack: vec![0],
        class: None,
        opts,
        depth: 0,
        warnings,
        finally: Finally::default(),
    };
    match &m.kind {
        ModKind::Module(body) | ModKind::Interactive(body) => b.stmts(body)?,
        ModKind::Expression(e) => b.expr(e)?,
        ModKind::FunctionType(..) => {}
    }
    Ok(b.scopes)
}

pub(crate) type Warnings = Vec<(WarningCategory, String, Span)>;

/// Where leaving a `finally` block early would swallow an exception (PEP 765).
#[derive(Clone, Copy, Default)]
struct Finally {
    inside: bool,
    function: bool,
    in_loop: bool,
}

struct Builder<'a, 'n, 'o> {
    scopes: Scopes,
    names: &'n mut Names<'a>,
    cur: ScopeId,
    stack: Vec<ScopeId>,
    /// Innermost class, for private names.
    class: Option<Sym>,
    opts: &'o BuildOptions,
    depth: u32,
    warnings: &'o mut Warnings,
    finally: Finally,
}

impl<'a> Builder<'a, '_, '_> {
    fn scope(&mut self) -> &mut Scope {
        let c = self.cur;
        &mut self.scopes[c]
    }

    fn enter(&mut self, id: ScopeId, kind: ScopeKind, name: Sym, span: Span) -> Res {
        let prev = self.cur;
        let p = &self.scopes[prev];
        let mut s = Scope::new(kind, name, span);
        s.used = true;
        s.parent = Some(prev);
        s.nested = p.nested || p.function_like();
        s.method = kind == ScopeKind::Function && p.kind == ScopeKind::Class;
        self.scopes[id] = s;
        if !(kind == ScopeKind::Annotation && self.opts.future_annotations) {
            self.scopes[prev].children.push(id);
        }
        self.enter_existing(id);
        if matches!(kind, ScopeKind::Annotation | ScopeKind::TypeVariable | ScopeKind::TypeAlias) {
            self.def(known::FORMAT_ARG, flag::PARAM, span)?;
            self.def(known::FORMAT_ARG, flag::USE, span)?;
        }
        Ok(())
    }

    fn enter_existing(&mut self, id: ScopeId) {
        let prev = self.cur;
        let (iter_expr, mangled) =
            (self.scopes[prev].comp_iter_expr, self.scopes[prev].mangled_names.clone());
        let s = &mut self.scopes[id];
        s.comp_iter_expr = iter_expr;
        if s.kind != ScopeKind::Class && mangled.is_some() {
            s.mangled_names = mangled;
        }
        self.stack.push(id);
        self.cur = id;
    }

    fn exit(&mut self) {
        self.stack.pop();
        self.cur = *self.stack.last().unwrap_or(&0);
    }

    fn mangled(&mut self, id: ScopeId, name: Sym) -> Sym {
        if self.class.is_none() {
            return name;
        }
        if let Some(only) = &self.scopes[id].mangled_names
            && !only.contains(&name)
        {
            return name;
        }
        mangle(self.names, self.class, name)
    }

    fn lookup(&mut self, name: Sym) -> u32 {
        let m = self.mangled(self.cur, name);
        self.scopes[self.cur].symbols.flags(m)
    }

    fn def(&mut self, name: Sym, flags: u32, span: Span) -> Res {
        self.def_in(self.cur, name, flags, span)
    }

    fn def_in(&mut self, id: ScopeId, name: Sym, flags: u32, span: Span) -> Res {
        let m = self.mangled(id, name);
        let text = self.names.get(name);
        let scope = &mut self.scopes[id];
        let comp_target = scope.comp_iter_target;
        let e = scope.symbols.entry(m);
        if flags & flag::PARAM != 0 && e.flags & flag::PARAM != 0 {
            return Err(Error::new(format!("duplicate argument '{text}' in function definition"), span));
        }
        if flags & flag::TYPE_PARAM != 0 && e.flags & flag::TYPE_PARAM != 0 {
            return Err(Error::new(format!("duplicate type parameter '{text}'"), span));
        }
        e.flags |= flags;
        if comp_target {
            if e.flags & (flag::GLOBAL | flag::NONLOCAL) != 0 {
                return Err(Error::new(
                    format!("comprehension inner loop cannot rebind assignment expression target '{text}'"),
                    span,
                ));
            }
            e.flags |= flag::COMP_ITER;
        }
        if flags & flag::PARAM != 0 {
            scope.params.push(m);
        } else if flags & flag::GLOBAL != 0 && id != 0 {
            self.scopes[0].symbols.entry(m).flags |= flags;
        }
        Ok(())
    }

    /// One level of nesting more.
    fn deeper(&mut self, f: impl FnOnce(&mut Self) -> Res) -> Res {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::recursion());
        }
        let depth = self.depth;
        let out = with_stack(depth, || f(self));
        self.depth -= 1;
        out
    }

    fn stmts(&mut self, body: Body<'a>) -> Res {
        for s in body {
            self.stmt(s)?;
        }
        Ok(())
    }

    fn conditional(&mut self, bodies: &[Body<'a>]) -> Res {
        let was = std::mem::replace(&mut self.scope().in_conditional_block, true);
        for b in bodies {
            self.stmts(b)?;
        }
        self.scope().in_conditional_block = was;
        Ok(())
    }

    fn loop_body(&mut self, body: Body<'a>) -> Res {
        let was = std::mem::replace(&mut self.finally.in_loop, true);
        let out = self.conditional(&[body]);
        self.finally.in_loop = was;
        out
    }

    fn warn_finally(&mut self, word: &str, span: Span) {
        let msg = format!("'{word}' in a 'finally' block");
        self.warnings.push((WarningCategory::SyntaxWarning, msg, span));
    }

    fn exprs(&mut self, es: &'a [Expr<'a>]) -> Res {
        for e in es {
            self.expr(e)?;
        }
        Ok(())
    }

    fn opt(&mut self, e: Option<ExprRef<'a>>) -> Res {
        e.map_or(Ok(()), |e| self.expr(e))
    }

    fn stmt(&mut self, s: &'a Stmt<'a>) -> Res {
        self.deeper(|b| b.stmt_inner(s))
    }

    fn stmt_inner(&mut self, s: &'a Stmt<'a>) -> Res {
        match &s.kind {
            StmtKind::FunctionDef(f) => self.function(f, s.span)?,
            StmtKind::ClassDef(c) => self.class_def(c, s.span)?,
            StmtKind::Return(v) => {
                if self.finally.inside && !self.finally.function {
                    self.warn_finally("return", s.span);
                }
                self.opt(*v)?;
            }
            StmtKind::Delete(ts) => {
                for t in ts.iter() {
                    self.del_target(t)?;
                }
            }
            StmtKind::Assign(ts, v) => {
                for t in ts.iter() {
                    self.target(t)?;
                }
                self.expr(v)?;
            }
            StmtKind::TypeAlias(t) => self.type_alias(t, s.span)?,
            StmtKind::AugAssign(t, _, v) => {
                self.target(t)?;
                self.expr(v)?;
            }
            StmtKind::AnnAssign(a) => self.ann_assign(a, s.span)?,
            StmtKind::For(f) => {
                self.target(&f.target)?;
                self.expr(&f.iter)?;
                self.loop_body(f.body)?;
                self.conditional(&[f.orelse])?;
            }
            StmtKind::While(t, b, o) => {
                self.expr(t)?;
                self.loop_body(b)?;
                self.conditional(&[o])?;
            }
            StmtKind::If(t, b, o) => {
                self.expr(t)?;
                self.conditional(&[b, o])?;
            }
            StmtKind::With(w) => {
                for i in w.items {
                    self.expr(&i.context)?;
                    if let Some(v) = &i.vars {
                        self.target(v)?;
                    }
                }
                self.conditional(&[w.body])?;
            }
            StmtKind::Match(e, cases) => {
                self.expr(e)?;
                for c in cases.iter() {
                    self.pattern(&c.pattern)?;
                    if let Some(g) = &c.guard {
                        self.expr(g)?;
                    }
                    self.conditional(&[c.body])?;
                }
            }
            StmtKind::Raise(e, c) => {
                self.opt(*e)?;
                self.opt(*c)?;
            }
            StmtKind::Try(t) => {
                let was = std::mem::replace(&mut self.scope().in_conditional_block, true);
                self.stmts(t.body)?;
                for h in t.handlers {
                    self.opt(h.typ)?;
                    if let Some(n) = h.name {
                        self.def(n, flag::LOCAL | flag::DELETED, h.span)?;
                    }
                    self.stmts(h.body)?;
                }
                self.stmts(t.orelse)?;
                let outer =
                    std::mem::replace(&mut self.finally, Finally { inside: true, ..Finally::default() });
                self.stmts(t.finalbody)?;
                self.finally = outer;
                self.scope().in_conditional_block = was;
            }
            StmtKind::Assert(t, m) => {
                self.expr(t)?;
                self.opt(*m)?;
            }
            StmtKind::Import(names) => self.aliases(names)?,
            StmtKind::ImportFrom(i) => self.aliases(i.names)?,
            StmtKind::Global(names) => self.declare(names, flag::GLOBAL, s.span)?,
            StmtKind::Nonlocal(names) => self.declare(names, flag::NONLOCAL, s.span)?,
            StmtKind::Expr(e) => self.expr(e)?,
            StmtKind::Break | StmtKind::Continue => {
                let f = self.finally;
                if f.inside && !f.function && !f.in_loop {
                    let word = if matches!(s.kind, StmtKind::Break) { "break" } else { "continue" };
                    self.warn_finally(word, s.span);
                }
            }
            StmtKind::Pass => {}
        }
        Ok(())
    }

    fn declare(&mut self, names: &[Sym], kind: u32, span: Span) -> Res {
        let word = if kind == flag::GLOBAL { "global" } else { "nonlocal" };
        for &n in names {
            let f = self.lookup(n);
            if f & (flag::PARAM | flag::LOCAL | flag::USE | flag::ANNOT) != 0 {
                let text = self.names.get(n);
                let msg = if f & flag::PARAM != 0 {
                    format!("name '{text}' is parameter and {word}")
                } else if f & flag::USE != 0 {
                    format!("name '{text}' is used prior to {word} declaration")
                } else if f & flag::ANNOT != 0 {
                    format!("annotated name '{text}' can't be {word}")
                } else {
                    format!("name '{text}' is assigned to before {word} declaration")
                };
                return Err(Error::new(msg, span));
            }
            self.def(n, kind, span)?;
            let m = self.mangled(self.cur, n);
            self.scope().directives.push((m, span));
        }
        Ok(())
    }

    fn aliases(&mut self, names: &[Alias]) -> Res {
        for a in names {
            let name = match a.asname {
                Some(n) => n,
                None => {
                    let text = self.names.get(a.name);
                    match text.split_once('.') {
                        Some((head, _)) => self.names.intern(head),
                        None => a.name,
                    }
                }
            };
            if name == known::STAR {
                if self.scope().kind != ScopeKind::Module {
                    return Err(Error::new("import * only allowed at module level", a.span));
                }
            } else {
                self.def(name, flag::IMPORT, a.span)?;
            }
        }
        Ok(())
    }

    fn function(&mut self, f: &'a FunctionDef<'a>, span: Span) -> Res {
        self.def(f.name, flag::LOCAL, span)?;
        self.defaults(&f.args)?;
        self.exprs(f.decorators)?;
        let generic = !f.type_params.is_empty();
        if generic {
            let kwdef = f.args.kw_defaults.iter().any(|d| d.is_some());
            // CPython's table always has the defaults.
            let defaults = self.opts.keep_empty || !f.args.defaults.is_empty();
            self.enter_type_params(f.scope + 1, f.name, span, defaults, kwdef, false)?;
            self.type_params(f.type_params)?;
        }
        self.signature_annotations(f, span)?;
        self.enter(f.scope, ScopeKind::Function, f.name, span)?;
        self.scope().is_async_def = f.is_async;
        self.scope().coroutine = f.is_async;
        self.params(&f.args)?;
        let was = std::mem::replace(&mut self.finally.function, true);
        self.stmts(f.body)?;
        self.finally.function = was;
        self.exit();
        if generic {
            self.exit();
        }
        Ok(())
    }

    fn defaults(&mut self, a: &Arguments<'a>) -> Res {
        self.exprs(a.defaults)?;
        for d in a.kw_defaults.iter().flatten() {
            self.expr(d)?;
        }
        Ok(())
    }

    fn params(&mut self, a: &Arguments<'a>) -> Res {
        for p in a.posonly.iter().chain(a.args).chain(a.kwonly) {
            self.def(p.name, flag::PARAM, p.span)?;
        }
        if let Some(p) = a.vararg {
            self.def(p.name, flag::PARAM, p.span)?;
            self.scope().varargs = true;
        }
        if let Some(p) = a.kwarg {
            self.def(p.name, flag::PARAM, p.span)?;
            self.scope().varkeywords = true;
        }
        Ok(())
    }

    fn class_def(&mut self, c: &'a ClassDef<'a>, span: Span) -> Res {
        self.def(c.name, flag::LOCAL, span)?;
        self.exprs(c.decorators)?;
        let outer = self.class;
        let generic = !c.type_params.is_empty();
        if generic {
            self.enter_type_params(c.scope + 1, c.name, span, false, false, true)?;
            self.class = Some(c.name);
            let only: Vec<Sym> = c.type_params.iter().map(|t| t.name).collect();
            self.scope().mangled_names = Some(Rc::new(only));
            self.type_params(c.type_params)?;
        }
        self.exprs(c.bases)?;
        for k in c.keywords {
            self.expr(&k.value)?;
        }
        self.enter(c.scope, ScopeKind::Class, c.name, span)?;
        self.class = Some(c.name);
        if generic {
            self.def(known::TYPE_PARAMS_DUNDER, flag::LOCAL, span)?;
            self.def(known::TYPE_PARAMS, flag::USE, span)?;
        }
        self.stmts(c.body)?;
        self.exit();
        if generic {
            self.exit();
        }
        self.class = outer;
        Ok(())
    }
}
