//! Functions and lambdas.

use adder_bytecode::{CodeFlags, Op, SetFunc};

use super::unit::{UnitConst, UnitKind};
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::{Sym, known};

impl<'a> Gen<'a, '_> {
    pub fn module(&mut self, m: &'a Module<'a>) -> Res<adder_bytecode::CodeData> {
        self.enter_unit(0, UnitKind::Module, known::MODULE_NAME, Span::NONE)?;
        self.outer.clear();
        self.u.first_line = 1;
        let at = Span { start: 0, end: 0 };
        let generator = self.prologue(at);
        match &m.kind {
            ModKind::Module(body) | ModKind::Interactive(body) => {
                self.module_body(body, matches!(m.kind, ModKind::Module(_)))?
            }
            ModKind::Expression(e) => {
                let r = self.operand(e)?;
                self.at(e.span, |g| g.return_reg(r));
            }
            ModKind::FunctionType(..) => {}
        }
        self.leave_unit(generator)
    }

    fn module_body(&mut self, body: Body<'a>, docstring: bool) -> Res {
        let future = self.opts.future & CodeFlags::FUTURE_ANNOTATIONS != 0;
        let annotated = self.scopes[0].has_annotations;
        let placeholder = self.u.code.len();
        let t = self.top();
        if annotated && !future {
            // `__annotate__` exists before the body runs; what it is made of is known only after it.
            self.abc(Op::Nop, 0, 0, 0);
            self.set_top(t + 1);
            self.abc(Op::Nop, 0, 0, 0);
            self.set_top(t);
        }
        if self.scopes[0].has_conditional_annotations {
            self.abc(Op::BuildSet, t, t, 0);
            self.set_top(t + 1);
            self.store_name(known::CONDITIONAL_ANNOTATIONS, t)?;
            self.set_top(t);
        }
        if annotated && future {
            self.abc(Op::SetupAnnotations, 0, 0, 0);
        }
        let body = if docstring { self.body_docstring(body)? } else { body };
        self.stmts(body)?;
        self.implicit_return();
        if annotated && !future {
            self.u.reachable = true;
            let first = self.u.annotations.first().map_or(Span::NONE, |a| a.2);
            let code = self.annotate_code(2, first)?;
            let index = self.u.consts.len() as i32;
            self.u.consts.push(UnitConst::Code(Box::new(code)));
            let ic = self.u.ic(Op::StoreName, known::ANNOTATE);
            self.u.code[placeholder] = adder_bytecode::Ins::ai(Op::MakeFunction, 0, t, index);
            self.u.code[placeholder + 1] = adder_bytecode::Ins::abc(Op::StoreName, 0, t, 0, ic);
            self.u.spans[placeholder] = first;
            self.u.spans[placeholder + 1] = first;
            self.u.reachable = false;
        }
        Ok(())
    }

    /// Stores the docstring of a module or class body in `__doc__`; yields the rest of the body.
    pub fn body_docstring(&mut self, body: Body<'a>) -> Res<Body<'a>> {
        let Some((doc, span)) = docstring(body) else { return Ok(body) };
        if self.opts.optimize < 2 {
            let clean = self.clean_doc(doc);
            let t = self.top();
            self.at(span, |g| -> Res {
                g.load_const(Lit::Str(clean), t);
                g.set_top(t + 1);
                g.store_name(known::DOC, t)
            })?;
            self.set_top(t);
        }
        Ok(&body[1..])
    }

    fn clean_doc(&self, doc: &'a [u8]) -> &'a [u8] {
        match crate::doc::clean(doc) {
            Some(v) => self.arena.alloc_slice_copy(&v),
            None => doc,
        }
    }

    pub fn function_def(&mut self, f: &'a FunctionDef<'a>, span: Span) -> Res {
        let mark = self.top();
        for d in f.decorators {
            self.expr_push(d)?;
        }
        let first = f.decorators.first().map_or(span, |d| d.span);
        let t = self.top();
        let local = if f.decorators.is_empty() { self.name_local(f.name) } else { None };
        let dst = local.unwrap_or(t);
        if f.type_params.is_empty() {
            self.function_value(f, span, first, dst)?;
        } else {
            self.generic_function(f, span, first, dst)?;
        }
        match local {
            Some(r) => {
                self.forbid_debug(f.name, "assign to")?;
                self.u.bound.set(r);
            }
            None => {
                self.set_top(t + 1);
                self.apply_decorators(f.decorators, t);
                self.set_top(mark + 1);
                self.store_name(f.name, mark)?;
            }
        }
        self.set_top(mark);
        Ok(())
    }

    pub fn name_local(&mut self, name: Sym) -> Option<Reg> {
        match self.var(name) {
            super::names::Var::Local(r) => Some(r),
            _ => None,
        }
    }

    /// Calls the decorators, which lie in the temporaries below `t`, the innermost last; the result is the lowest.
    pub fn apply_decorators(&mut self, ds: &'a [Expr<'a>], t: Reg) {
        let mut at = t;
        for d in ds.iter().rev() {
            let w = at - 1;
            self.at(d.span, |g| g.abc(Op::Call, w, 1, w));
            self.set_top(w + 1);
            at = w;
        }
    }

    /// Default values: a tuple and a dict in temporaries.
    pub fn push_defaults(&mut self, a: &Arguments<'a>, attrs: &mut Vec<(SetFunc, Reg)>) -> Res {
        if !a.defaults.is_empty() {
            let t = self.top();
            match crate::fold::const_items(self.arena, a.defaults) {
                Some(l) => self.load_const(Lit::Tuple(l), t),
                None => self.tuple_display(a.defaults, t)?,
            }
            self.set_top(t + 1);
            attrs.push((SetFunc::Defaults, t));
        }
        if a.kw_defaults.iter().any(|d| d.is_some()) {
            let base = self.top();
            let mut n = 0;
            for (arg, d) in a.kwonly.iter().zip(a.kw_defaults) {
                if let Some(d) = d {
                    let name = self.mangle(arg.name);
                    let k = self.top();
                    let lit = self.sym_lit(name);
                    self.load_const(lit, k);
                    self.set_top(k + 1);
                    self.expr_push(d)?;
                    n += 1;
                }
            }
            self.abc(Op::BuildDict, base, base, n);
            self.set_top(base + 1);
            attrs.push((SetFunc::KwDefaults, base));
        }
        Ok(())
    }

    pub fn check_params(&mut self, a: &Arguments<'a>) -> Res {
        for p in a.posonly.iter().chain(a.args).chain(a.vararg).chain(a.kwonly).chain(a.kwarg) {
            if p.name == known::DEBUG {
                return self.error("cannot assign to __debug__", p.span);
            }
        }
        Ok(())
    }

    fn function_value(&mut self, f: &'a FunctionDef<'a>, span: Span, first: Span, dst: Reg) -> Res {
        self.check_params(&f.args)?;
        let mark = self.top();
        let mut attrs = Vec::new();
        self.push_defaults(&f.args, &mut attrs)?;
        self.function_with(f, span, first, &mut attrs, dst)?;
        self.set_top(mark);
        Ok(())
    }

    /// The function, its defaults given in `attrs`.
    pub fn function_with(
        &mut self,
        f: &'a FunctionDef<'a>,
        span: Span,
        first: Span,
        attrs: &mut Vec<(SetFunc, Reg)>,
        dst: Reg,
    ) -> Res {
        if let Some(r) = self.push_signature_annotate(f, span)? {
            attrs.push((SetFunc::Annotate, r));
        }
        let kind = if f.is_async { UnitKind::AsyncFunction } else { UnitKind::Function };
        self.enter_unit(f.scope, kind, f.name, first)?;
        self.set_counts(&f.args);
        let mut body = f.body;
        if let Some((doc, _)) = docstring(body) {
            if self.opts.optimize < 2 {
                let clean = self.clean_doc(doc);
                self.u.const_index(Lit::Str(clean));
                self.u.flags |= CodeFlags::HAS_DOCSTRING;
            }
            body = &body[1..];
        }
        let generator = self.prologue(first);
        self.u.span = Span { start: span.start, end: span.start };
        self.stmts(body)?;
        self.implicit_return();
        let code = self.leave_unit(generator)?;
        self.make_function(code, attrs, dst)
    }

    pub fn set_counts(&mut self, a: &Arguments<'a>) {
        self.u.posonly = a.posonly.len() as u32;
        self.u.argcount = (a.posonly.len() + a.args.len()) as u32;
        self.u.kwonly = a.kwonly.len() as u32;
    }

    pub fn lambda(&mut self, l: &'a Lambda<'a>, span: Span, dst: Reg) -> Res {
        self.check_params(&l.args)?;
        let mark = self.top();
        let mut attrs = Vec::new();
        self.push_defaults(&l.args, &mut attrs)?;
        self.enter_unit(l.scope, UnitKind::Lambda, known::LAMBDA, span)?;
        self.set_counts(&l.args);
        let generator = self.prologue(span);
        if self.scopes[l.scope].generator {
            // The value of a generator lambda is what its `yield` is sent last: it is returned.
            let r = self.operand(&l.body)?;
            self.at(l.body.span, |g| g.return_reg(r));
        } else {
            let r = self.operand(&l.body)?;
            self.at(l.body.span, |g| g.return_reg(r));
        }
        let code = self.leave_unit(generator)?;
        self.make_function(code, &attrs, dst)?;
        self.set_top(mark);
        Ok(())
    }
}

/// The docstring of a body.
pub(crate) fn docstring<'a>(body: Body<'a>) -> Option<(&'a [u8], Span)> {
    match body.first()?.kind {
        StmtKind::Expr(e) => match e.kind {
            ExprKind::Constant(Lit::Str(s)) => Some((s, e.span)),
            _ => None,
        },
        _ => None,
    }
}
