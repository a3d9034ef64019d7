//! First pass over scopes: what every block binds and uses.

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

    fn enter_type_params(
        &mut self,
        id: ScopeId,
        name: Sym,
        span: Span,
        defaults: bool,
        kwdefaults: bool,
        class: bool,
    ) -> Res {
        let in_class = self.scope().kind == ScopeKind::Class;
        self.enter(id, ScopeKind::TypeParams, name, span)?;
        if in_class {
            self.scope().can_see_class_scope = true;
            self.def(known::CLASSDICT, flag::USE, span)?;
        }
        if class {
            self.def(known::TYPE_PARAMS, flag::LOCAL | flag::USE, span)?;
            self.def(known::GENERIC_BASE, flag::LOCAL | flag::USE, span)?;
        }
        if defaults {
            self.def(known::DEFAULTS, flag::PARAM, span)?;
        }
        if kwdefaults {
            self.def(known::KWDEFAULTS, flag::PARAM, span)?;
        }
        self.scope().scope_info = "the definition of a generic";
        Ok(())
    }

    fn signature_annotations(&mut self, f: &'a FunctionDef<'a>, span: Span) -> Res {
        let see = self.scope().can_see_class_scope;
        let in_class = self.scope().kind == ScopeKind::Class;
        self.enter(f.scope + 2, ScopeKind::Annotation, known::ANNOTATE, span)?;
        if see || in_class {
            self.scope().can_see_class_scope = true;
            self.def(known::CLASSDICT, flag::USE, span)?;
        }
        let a = &f.args;
        let mut any = false;
        for arg in a.posonly.iter().chain(a.args).chain(a.vararg).chain(a.kwarg).chain(a.kwonly) {
            if let Some(e) = arg.annotation {
                any = true;
                self.expr(e)?;
            }
        }
        if let Some(r) = f.returns {
            any = true;
            self.expr(r)?;
        }
        self.scope().has_annotations = any;
        self.exit();
        if !any && !self.opts.keep_empty {
            // Nothing to evaluate: the block does not exist.
            let id = f.scope + 2;
            let parent = self.cur;
            self.scopes[parent].children.retain(|c| *c != id);
            self.scopes[id].used = false;
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

    fn type_params(&mut self, tps: &'a [TypeParam<'a>]) -> Res {
        for t in tps {
            let reserved = [known::CLASSDICT, known::CONDITIONAL_ANNOTATIONS];
            if reserved.contains(&t.name) {
                let msg =
                    format!("reserved name '{}' cannot be used for type parameter", self.names.get(t.name));
                return Err(Error::new(msg, t.span));
            }
            self.def(t.name, flag::TYPE_PARAM | flag::LOCAL, t.span)?;
            let default_info = match t.kind {
                TypeParamKind::TypeVar { bound } => {
                    if let Some(b) = bound {
                        let info = if matches!(b.kind, ExprKind::Tuple(_) | ExprKind::Constant(Lit::Tuple(_)))
                        {
                            "a TypeVar constraint"
                        } else {
                            "a TypeVar bound"
                        };
                        self.type_variable(t.scope, t.name, b, info)?;
                    }
                    "a TypeVar default"
                }
                TypeParamKind::TypeVarTuple => "a TypeVarTuple default",
                TypeParamKind::ParamSpec => "a ParamSpec default",
            };
            if let Some(d) = t.default {
                self.type_variable(t.scope + 1, t.name, d, default_info)?;
            }
        }
        Ok(())
    }

    fn type_variable(&mut self, id: ScopeId, name: Sym, e: ExprRef<'a>, info: &'static str) -> Res {
        let see = self.scope().can_see_class_scope;
        self.enter(id, ScopeKind::TypeVariable, name, e.span)?;
        if see {
            self.scope().can_see_class_scope = true;
            self.def(known::CLASSDICT, flag::USE, e.span)?;
        }
        self.scope().scope_info = info;
        self.expr(e)?;
        self.exit();
        Ok(())
    }

    fn type_alias(&mut self, t: &'a TypeAlias<'a>, span: Span) -> Res {
        self.target(&t.name)?;
        let name = match t.name.kind {
            ExprKind::Name(n) => n,
            _ => known::EMPTY,
        };
        let in_class = self.scope().kind == ScopeKind::Class;
        let generic = !t.type_params.is_empty();
        if generic {
            self.enter_type_params(t.scope + 1, name, span, false, false, false)?;
            self.type_params(t.type_params)?;
        }
        self.enter(t.scope, ScopeKind::TypeAlias, name, span)?;
        if in_class {
            self.scope().can_see_class_scope = true;
            self.def(known::CLASSDICT, flag::USE, t.value.span)?;
        }
        self.scope().scope_info = "a type alias";
        self.expr(&t.value)?;
        self.exit();
        if generic {
            self.exit();
        }
        Ok(())
    }

    fn ann_assign(&mut self, a: &'a AnnAssign<'a>, span: Span) -> Res {
        if let ExprKind::Name(n) = a.target.kind {
            let f = self.lookup(n);
            if f & (flag::GLOBAL | flag::NONLOCAL) != 0 && self.cur != 0 && a.simple {
                let word = if f & flag::GLOBAL != 0 { "global" } else { "nonlocal" };
                let text = self.names.get(n);
                return Err(Error::new(format!("annotated name '{text}' can't be {word}"), span));
            }
            if a.simple {
                self.def(n, flag::ANNOT | flag::LOCAL, a.target.span)?;
            } else if a.value.is_some() {
                self.def(n, flag::LOCAL, a.target.span)?;
            }
        } else {
            self.target(&a.target)?;
        }
        self.variable_annotation(&a.annotation)?;
        if let Some(v) = &a.value {
            self.expr(v)?;
        }
        Ok(())
    }

    fn variable_annotation(&mut self, e: &'a Expr<'a>) -> Res {
        let kind = self.scope().kind;
        let unevaluated = kind == ScopeKind::Function;
        let conditional = self.scope().in_conditional_block;
        if (kind == ScopeKind::Class && conditional || kind == ScopeKind::Module)
            && !self.scope().has_conditional_annotations
        {
            self.scope().has_conditional_annotations = true;
            self.def(known::CONDITIONAL_ANNOTATIONS, flag::USE, e.span)?;
        }
        let parent = self.cur;
        match self.scope().annotation_block {
            Some(id) => self.enter_existing(id),
            None => {
                // The annotation scope of module and class has its own number; in a function nothing is evaluated, so
                // the number of its signature's annotations, no longer needed here, must not be disturbed.
                let id = self.annotation_scope_id(parent);
                self.enter(id, ScopeKind::Annotation, known::ANNOTATE, e.span)?;
                self.scopes[parent].annotation_block = Some(id);
                if kind == ScopeKind::Class {
                    self.scope().can_see_class_scope = true;
                    self.def(known::CLASSDICT, flag::USE, e.span)?;
                }
            }
        }
        if kind == ScopeKind::Class && conditional || kind == ScopeKind::Module {
            // `__annotate__` asks which of them were reached.
            self.def(known::CONDITIONAL_ANNOTATIONS, flag::USE, e.span)?;
        }
        if unevaluated {
            self.scope().in_unevaluated_annotation = true;
        }
        self.expr(e)?;
        self.scope().in_unevaluated_annotation = false;
        self.exit();
        if !unevaluated {
            self.scopes[parent].has_annotations = true;
        }
        Ok(())
    }

    fn annotation_scope_id(&mut self, parent: ScopeId) -> ScopeId {
        match self.scopes[parent].kind {
            ScopeKind::Module | ScopeKind::Class => parent + 2,
            _ => {
                self.scopes.list.push(Scope::new(ScopeKind::Annotation, known::ANNOTATE, Span::NONE));
                self.scopes.list.len() as ScopeId - 1
            }
        }
    }

    fn forbid_in_annotation(&self, what: &str, e: &Expr) -> Res {
        let s = &self.scopes[self.cur];
        if !s.annotation_like() {
            return Ok(());
        }
        let place = if s.kind == ScopeKind::Annotation { "an annotation" } else { s.scope_info };
        Err(Error::new(format!("{what} cannot be used within {place}"), e.span))
    }

    fn expr(&mut self, e: &'a Expr<'a>) -> Res {
        // Leaves first: they are most of a program.
        match &e.kind {
            ExprKind::Constant(_) | ExprKind::UStr(_) => return Ok(()),
            ExprKind::Name(n) => return self.use_name(*n, e.span),
            _ => {}
        }
        self.deeper(|b| b.expr_inner(e))
    }

    fn use_name(&mut self, n: Sym, span: Span) -> Res {
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
    fn target(&mut self, e: &'a Expr<'a>) -> Res {
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

    fn del_target(&mut self, e: &'a Expr<'a>) -> Res {
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

    fn check_await(&mut self, e: &Expr) -> Res {
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

    fn yields(&mut self, e: &Expr) -> Res {
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

    fn pattern(&mut self, p: &'a Pattern<'a>) -> Res {
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
