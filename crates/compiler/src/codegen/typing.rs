//! Type parameters (PEP 695, 696), type aliases and annotations (PEP 649, 749).

use adder_bytecode::{CodeData, CodeFlags, Common, Intrinsic1, Intrinsic2, Op, SetFunc};

use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::{Sym, known};

impl<'a> Gen<'a, '_> {
    pub fn future_annotations(&self) -> bool {
        self.opts.future & CodeFlags::FUTURE_ANNOTATIONS != 0
    }

    /// Starts the code of an annotation-like function: its one parameter is the format.
    fn enter_format_unit(&mut self, scope: ScopeId, kind: UnitKind, name: Sym, span: Span) -> Res {
        self.enter_unit(scope, kind, name, span)?;
        self.u.argcount = 1;
        self.u.posonly = 1;
        self.u.varnames[0] = known::FORMAT;
        self.prologue(span);
        self.u.span = Span { start: span.start, end: span.start };
        // VALUE_WITH_FAKE_GLOBALS and what comes after it are not for us.
        let ok = self.label();
        self.jump_cmp(Op::JGtI, 0, 0, 2, ok);
        let t = self.top();
        self.abc(Op::LoadCommon, t, Common::NotImplementedError as u16, 0);
        self.set_top(t + 1);
        self.xabc(Op::Raise, 1, t, 0, 0);
        self.u.reachable = false;
        self.set_top(t);
        self.place(ok);
        Ok(())
    }

    /// `__annotate__` of a function with annotations, in the next temporary.
    pub fn push_signature_annotate(&mut self, f: &'a FunctionDef<'a>, span: Span) -> Res<Option<Reg>> {
        if !self.scopes[f.scope + 2].has_annotations {
            return Ok(None);
        }
        let t = self.top();
        self.enter_format_unit(f.scope + 2, UnitKind::Annotation, known::ANNOTATE, span)?;
        self.u.span = span;
        let base = self.top();
        let a = &f.args;
        let mut n = 0;
        for arg in a.posonly.iter().chain(a.args).chain(a.vararg).chain(a.kwonly).chain(a.kwarg) {
            if let Some(e) = arg.annotation {
                let name = self.mangle(arg.name);
                let k = self.top();
                let lit = self.sym_lit(name);
                self.load_const(lit, k);
                self.set_top(k + 1);
                // `*args: *Ts`
                let vararg = a.vararg.is_some_and(|v| std::ptr::eq(v, arg));
                self.push_annotation(e, vararg)?;
                n += 1;
            }
        }
        if let Some(r) = f.returns {
            let k = self.top();
            self.load_str("return", k);
            self.set_top(k + 1);
            self.push_annotation(r, false)?;
            n += 1;
        }
        self.abc(Op::BuildDict, base, base, n);
        self.set_top(base + 1);
        self.return_reg(base);
        let code = self.leave_unit(None)?;
        self.make_function(code, &[], t)?;
        self.set_top(t + 1);
        Ok(Some(t))
    }

    fn push_annotation(&mut self, e: &'a Expr<'a>, vararg: bool) -> Res {
        if self.future_annotations() {
            let t = self.top();
            let text = super::unparse::unparse(&self.names, e);
            let lit = Lit::Str(self.arena.alloc_slice_copy(&text));
            self.at(e.span, |g| g.load_const(lit, t));
            self.set_top(t + 1);
            return Ok(());
        }
        if vararg && let ExprKind::Starred(v) = e.kind {
            let t = self.top();
            let r = self.operand(v)?;
            self.at(e.span, |g| g.abc(Op::UnpackSeq, t, r, 1));
            self.set_top(t + 1);
            return Ok(());
        }
        self.expr_push(e)?;
        Ok(())
    }

    /// `__annotate__` of the module or class body just generated.
    pub fn annotate_code(&mut self, scope: ScopeId, span: Span) -> Res<CodeData> {
        let annotations = std::mem::take(&mut self.u.annotations);
        let first_line = self.u.first_line;
        self.enter_format_unit(scope, UnitKind::Annotation, known::ANNOTATE, span)?;
        // It begins where the body begins.
        self.u.first_line = first_line;
        let d = self.push();
        self.set_top(d);
        self.abc(Op::BuildDict, d, d, 0);
        self.set_top(d + 1);
        for (a, conditional, span) in annotations {
            let ExprKind::Name(name) = a.target.kind else { continue };
            self.u.span = span;
            let skip = self.label();
            let mark = self.top();
            if let Some(i) = conditional {
                self.load_const(Lit::Int(i as i64), mark);
                self.set_top(mark + 1);
                self.load_name(known::CONDITIONAL_ANNOTATIONS, mark + 1);
                self.set_top(mark + 2);
                self.jump_cmp(Op::JIn, 0, mark, mark + 1, skip);
                self.set_top(mark);
            }
            let v = self.operand(&a.annotation)?;
            let k = self.top();
            let name = self.mangle(name);
            let lit = self.sym_lit(name);
            self.load_const(lit, k);
            self.set_top(k + 1);
            self.abc(Op::DictSet, d, k, v);
            self.set_top(mark);
            self.place(skip);
        }
        self.return_reg(d);
        self.leave_unit(None)
    }

    pub fn ann_assign(&mut self, a: &'a AnnAssign<'a>, s: &'a Stmt<'a>) -> Res {
        if let Some(v) = &a.value {
            self.assign_stmt(std::slice::from_ref(&a.target), v)?;
        }
        let mark = self.top();
        match &a.target.kind {
            ExprKind::Name(n) => {
                self.at(a.target.span, |g| g.forbid_debug(*n, "assign to"))?;
                let kept = matches!(self.u.kind, UnitKind::Module | UnitKind::Class);
                if a.simple && kept {
                    self.keep_annotation(a, *n, s)?;
                }
            }
            ExprKind::Attribute(v, attr) => {
                self.at(a.target.span, |g| g.forbid_debug(*attr, "assign to"))?;
                if a.value.is_none() {
                    self.effect(v)?;
                }
            }
            ExprKind::Subscript(v, i) => {
                if a.value.is_none() {
                    self.effect(v)?;
                    match &i.kind {
                        ExprKind::Slice(s) => {
                            for e in [&s.lower, &s.upper, &s.step].into_iter().flatten() {
                                self.effect(e)?;
                            }
                        }
                        ExprKind::Tuple(es) => {
                            for e in es.iter() {
                                if !matches!(e.kind, ExprKind::Slice(_)) {
                                    self.effect(e)?;
                                }
                            }
                        }
                        _ => self.effect(i)?,
                    }
                }
            }
            _ => {}
        }
        self.set_top(mark);
        Ok(())
    }

    fn keep_annotation(&mut self, a: &'a AnnAssign<'a>, name: Sym, s: &'a Stmt<'a>) -> Res {
        let mark = self.top();
        if self.future_annotations() {
            self.push_annotation(&a.annotation, false)?;
            let m = self.top();
            self.load_name(known::ANNOTATIONS, m);
            self.set_top(m + 1);
            let k = self.top();
            let name = self.mangle(name);
            let lit = self.sym_lit(name);
            self.load_const(lit, k);
            self.set_top(k + 1);
            self.abc(Op::SetItem, m, k, mark);
            self.set_top(mark);
            return Ok(());
        }
        let conditional = self.u.kind == UnitKind::Module || self.u.in_conditional > 0;
        let index = conditional.then(|| {
            self.u.next_conditional += 1;
            self.u.next_conditional - 1
        });
        self.u.annotations.push((a, index, s.span));
        if let Some(i) = index {
            if let Some(&cell) = self.u.regs.get(&known::CONDITIONAL_ANNOTATIONS) {
                self.abc(Op::LoadDeref, mark, cell, 0);
            } else {
                self.load_name(known::CONDITIONAL_ANNOTATIONS, mark);
            }
            self.set_top(mark + 1);
            self.load_const(Lit::Int(i as i64), mark + 1);
            self.set_top(mark + 2);
            self.abc(Op::SetAdd, mark, mark + 1, 0);
            self.set_top(mark);
        }
        Ok(())
    }

    // -- type parameters

    fn generic_name(&mut self, name: Sym) -> Sym {
        let text = format!("<generic parameters of {}>", self.names.get(name));
        self.names.intern(&text)
    }

    /// Makes the type parameters, binds their names; the tuple of them goes to `dst`, the next temporary.
    fn type_params(&mut self, tps: &'a [TypeParam<'a>], dst: Reg) -> Res {
        let mut seen_default = false;
        for t in tps {
            self.at(t.span, |g| g.type_param(t, &mut seen_default))?;
        }
        self.abc(Op::BuildTuple, dst, dst, tps.len() as u16);
        self.set_top(dst + 1);
        Ok(())
    }

    /// One type parameter, left in the next temporary and stored in its name.
    fn type_param(&mut self, t: &'a TypeParam<'a>, seen_default: &mut bool) -> Res {
        let r = self.top();
        let name = self.sym_lit(t.name);
        self.load_const(name, r);
        self.set_top(r + 1);
        match t.kind {
            TypeParamKind::TypeVar { bound: Some(b) } => {
                let op = if matches!(b.kind, ExprKind::Tuple(_) | ExprKind::Constant(Lit::Tuple(_))) {
                    Intrinsic2::TypeVarWithConstraints
                } else {
                    Intrinsic2::TypeVarWithBound
                };
                self.type_variable(b, t.scope, t.name, r + 1)?;
                self.set_top(r + 2);
                self.xabc(Op::Intrinsic2, op as u8, r, r, r + 1);
                self.set_top(r + 1);
            }
            TypeParamKind::TypeVar { bound: None } => {
                self.xabc(Op::Intrinsic1, Intrinsic1::TypeVar as u8, r, r, 0)
            }
            TypeParamKind::TypeVarTuple => self.xabc(Op::Intrinsic1, Intrinsic1::TypeVarTuple as u8, r, r, 0),
            TypeParamKind::ParamSpec => self.xabc(Op::Intrinsic1, Intrinsic1::ParamSpec as u8, r, r, 0),
        }
        match t.default {
            Some(d) => {
                *seen_default = true;
                self.type_variable(d, t.scope + 1, t.name, r + 1)?;
                self.set_top(r + 2);
                self.xabc(Op::Intrinsic2, Intrinsic2::SetTypeParamDefault as u8, r, r, r + 1);
                self.set_top(r + 1);
            }
            None if *seen_default => {
                let msg = format!(
                    "non-default type parameter '{}' follows default type parameter",
                    self.names.get(t.name)
                );
                return self.error(msg, t.span);
            }
            None => {}
        }
        self.store_name(t.name, r)?;
        self.set_top(r + 1);
        Ok(())
    }

    /// The function that computes a bound, constraints or a default.
    fn type_variable(&mut self, e: &'a Expr<'a>, scope: ScopeId, name: Sym, dst: Reg) -> Res {
        let t = self.top();
        let defaults = self.arena.alloc_slice_copy(&[Lit::Int(1)]);
        self.load_const(Lit::Tuple(defaults), t);
        self.set_top(t + 1);
        self.enter_format_unit(scope, UnitKind::Annotation, name, e.span)?;
        // `*Ts = *default`
        let r = match e.kind {
            ExprKind::Starred(v) => {
                let t = self.top();
                let r = self.operand(v)?;
                self.at(e.span, |g| g.abc(Op::UnpackSeq, t, r, 1));
                self.set_top(t + 1);
                t
            }
            _ => self.operand(e)?,
        };
        self.at(e.span, |g| g.return_reg(r));
        let code = self.leave_unit(None)?;
        self.make_function(code, &[(SetFunc::Defaults, t)], dst)?;
        self.set_top(t);
        Ok(())
    }

    pub fn generic_function(&mut self, f: &'a FunctionDef<'a>, span: Span, first: Span, dst: Reg) -> Res {
        self.check_params(&f.args)?;
        let w = self.top();
        let name = self.generic_name(f.name);
        // Inside: the defaults arrive as arguments.
        self.enter_unit(f.scope + 1, UnitKind::TypeParams, name, first)?;
        let mut attrs = Vec::new();
        if !f.args.defaults.is_empty() {
            attrs.push((SetFunc::Defaults, self.u.argcount as Reg));
            self.u.argcount += 1;
        }
        if f.args.kw_defaults.iter().any(|d| d.is_some()) {
            attrs.push((SetFunc::KwDefaults, self.u.argcount as Reg));
            self.u.argcount += 1;
        }
        self.prologue(first);
        self.u.span = span;
        let tuple = self.top();
        self.type_params(f.type_params, tuple)?;
        let t = self.top();
        self.function_with(f, span, first, &mut attrs, t)?;
        self.set_top(t + 1);
        self.xabc(Op::Intrinsic2, Intrinsic2::SetFunctionTypeParams as u8, t, t, tuple);
        self.return_reg(t);
        let code = self.leave_unit(None)?;
        self.make_function(code, &[], w)?;
        self.set_top(w + 1);
        let mut given = Vec::new();
        self.push_defaults(&f.args, &mut given)?;
        self.abc(Op::Call, w, given.len() as u16, dst);
        self.set_top(w);
        Ok(())
    }

    pub fn generic_class(&mut self, c: &'a ClassDef<'a>, span: Span, first: Span, dst: Reg) -> Res {
        let w = self.top();
        let name = self.generic_name(c.name);
        self.enter_unit(c.scope + 1, UnitKind::TypeParams, name, first)?;
        self.u.class = Some(c.name);
        self.prologue(first);
        self.u.span = span;
        let t = self.top();
        self.type_params(c.type_params, t)?;
        self.store_name(known::TYPE_PARAMS, t)?;
        self.xabc(Op::Intrinsic1, Intrinsic1::SubscriptGeneric as u8, t, t, 0);
        self.store_name(known::GENERIC_BASE, t)?;
        self.set_top(t);
        let base = Expr { span, kind: ExprKind::Name(known::GENERIC_BASE) };
        let bases: Vec<Expr<'a>> = c.bases.iter().copied().chain([base]).collect();
        let bases = self.arena.alloc_slice_copy(&bases);
        self.build_class(c, bases, span, first, t)?;
        self.set_top(t + 1);
        self.return_reg(t);
        let code = self.leave_unit(None)?;
        self.make_function(code, &[], w)?;
        self.set_top(w + 1);
        self.abc(Op::Call, w, 0, dst);
        self.set_top(w);
        Ok(())
    }

    pub fn type_alias(&mut self, a: &'a TypeAlias<'a>, span: Span) -> Res {
        let ExprKind::Name(name) = a.name.kind else { return Ok(()) };
        self.at(a.name.span, |g| g.forbid_debug(name, "assign to"))?;
        let mark = self.top();
        if a.type_params.is_empty() {
            self.alias_value(a, None, mark)?;
        } else {
            let generic = self.generic_name(name);
            self.enter_unit(a.scope + 1, UnitKind::TypeParams, generic, span)?;
            self.prologue(span);
            self.u.span = span;
            let t = self.top();
            self.type_params(a.type_params, t)?;
            let out = self.top();
            self.alias_value(a, Some(t), out)?;
            self.set_top(out + 1);
            self.return_reg(out);
            let code = self.leave_unit(None)?;
            self.make_function(code, &[], mark)?;
            self.set_top(mark + 1);
            self.abc(Op::Call, mark, 0, mark);
        }
        self.set_top(mark + 1);
        self.store_name(name, mark)?;
        self.set_top(mark);
        Ok(())
    }

    /// The alias object in `dst`, the next temporary.
    fn alias_value(&mut self, a: &'a TypeAlias<'a>, params: Option<Reg>, dst: Reg) -> Res {
        let ExprKind::Name(name) = a.name.kind else { return Ok(()) };
        let base = self.top();
        let lit = self.sym_lit(name);
        self.load_const(lit, base);
        self.set_top(base + 1);
        match params {
            Some(t) => self.mov(base + 1, t),
            None => self.abc(Op::LoadNone, base + 1, 0, 0),
        }
        self.set_top(base + 2);
        let defaults = self.arena.alloc_slice_copy(&[Lit::Int(1)]);
        let t = self.top();
        self.load_const(Lit::Tuple(defaults), t);
        self.set_top(t + 1);
        self.enter_format_unit(a.scope, UnitKind::Annotation, name, a.value.span)?;
        let r = self.operand(&a.value)?;
        self.at(a.value.span, |g| g.return_reg(r));
        let code = self.leave_unit(None)?;
        self.make_function(code, &[(SetFunc::Defaults, t)], t + 1)?;
        self.mov(t, t + 1);
        self.abc(Op::BuildTuple, base, base, 3);
        self.set_top(base + 1);
        self.xabc(Op::Intrinsic1, Intrinsic1::TypeAlias as u8, dst, base, 0);
        self.set_top(base);
        Ok(())
    }
}
