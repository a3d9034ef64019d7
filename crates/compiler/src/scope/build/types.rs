//! Annotations, type parameters, type aliases: scopes of their own, evaluated when somebody asks (PEP 649, PEP 695).

use super::*;

impl<'a> Builder<'a, '_, '_> {
    pub(super) fn enter_type_params(
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
    pub(super) fn signature_annotations(&mut self, f: &'a FunctionDef<'a>, span: Span) -> Res {
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
    pub(super) fn type_params(&mut self, tps: &'a [TypeParam<'a>]) -> Res {
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
    pub(super) fn type_alias(&mut self, t: &'a TypeAlias<'a>, span: Span) -> Res {
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
    pub(super) fn ann_assign(&mut self, a: &'a AnnAssign<'a>, span: Span) -> Res {
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
    pub(super) fn annotation_scope_id(&mut self, parent: ScopeId) -> ScopeId {
        match self.scopes[parent].kind {
            ScopeKind::Module | ScopeKind::Class => parent + 2,
            _ => {
                self.scopes.list.push(Scope::new(ScopeKind::Annotation, known::ANNOTATE, Span::NONE));
                self.scopes.list.len() as ScopeId - 1
            }
        }
    }
    pub(super) fn forbid_in_annotation(&self, what: &str, e: &Expr) -> Res {
        let s = &self.scopes[self.cur];
        if !s.annotation_like() {
            return Ok(());
        }
        let place = if s.kind == ScopeKind::Annotation { "an annotation" } else { s.scope_info };
        Err(Error::new(format!("{what} cannot be used within {place}"), e.span))
    }
}
