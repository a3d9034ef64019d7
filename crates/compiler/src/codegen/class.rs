//! Classes.

use adder_bytecode::Op;

use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::known;

impl<'a> Gen<'a, '_> {
    pub fn class_def(&mut self, c: &'a ClassDef<'a>, span: Span) -> Res {
        let mark = self.top();
        for d in c.decorators {
            self.expr_push(d)?;
        }
        let first = c.decorators.first().map_or(span, |d| d.span);
        let t = self.top();
        let local = if c.decorators.is_empty() { self.name_local(c.name) } else { None };
        let dst = local.unwrap_or(t);
        if c.type_params.is_empty() {
            self.build_class(c, c.bases, span, first, dst)?;
        } else {
            self.generic_class(c, span, first, dst)?;
        }
        match local {
            Some(r) => {
                self.forbid_debug(c.name, "assign to")?;
                self.u.bound.set(r);
            }
            None => {
                self.set_top(t + 1);
                self.apply_decorators(c.decorators, t);
                self.set_top(mark + 1);
                self.store_name(c.name, mark)?;
            }
        }
        self.set_top(mark);
        Ok(())
    }

    /// `__build_class__(body, name, *bases, **keywords)` into `dst`.
    pub fn build_class(
        &mut self,
        c: &'a ClassDef<'a>,
        bases: &'a [Expr<'a>],
        span: Span,
        first: Span,
        dst: Reg,
    ) -> Res {
        self.check_keywords(c.keywords)?;
        let code = self.class_body(c, first)?;
        let w = self.top();
        self.abc(Op::LoadBuildClass, w, 0, 0);
        self.set_top(w + 1);
        self.make_function(code, &[], w + 1)?;
        self.set_top(w + 2);
        let name = self.sym_lit(c.name);
        self.load_const(name, w + 2);
        self.set_top(w + 3);
        self.arguments_and_call(w, 2, bases, c.keywords, span, dst)?;
        self.set_top(w);
        Ok(())
    }

    fn class_body(&mut self, c: &'a ClassDef<'a>, first: Span) -> Res<adder_bytecode::CodeData> {
        self.enter_unit(c.scope, UnitKind::Class, c.name, first)?;
        self.u.class = Some(c.name);
        self.u.static_attributes = Some(Default::default());
        self.prologue(first);
        self.u.span = Span { start: first.start, end: first.start };
        let t = self.top();
        self.load_name(known::NAME, t);
        self.store_temp(known::MODULE, t)?;
        let qualname = self.u.qualname.clone();
        self.load_str(&qualname, t);
        self.store_temp(known::QUALNAME, t)?;
        let line = self.u.first_line;
        self.load_const(Lit::Int(line as i64), t);
        self.store_temp(known::FIRSTLINENO, t)?;
        if !c.type_params.is_empty() {
            self.load_name(known::TYPE_PARAMS, t);
            self.store_temp(known::TYPE_PARAMS_DUNDER, t)?;
        }
        if self.scopes[c.scope].needs_classdict {
            let cell = self.u.regs[&known::CLASSDICT];
            self.abc(Op::LoadLocals, t, 0, 0);
            self.set_top(t + 1);
            self.abc(Op::StoreDeref, cell, t, 0);
            self.set_top(t);
        }
        if self.scopes[c.scope].has_conditional_annotations {
            let cell = self.u.regs[&known::CONDITIONAL_ANNOTATIONS];
            self.abc(Op::BuildSet, t, t, 0);
            self.set_top(t + 1);
            self.abc(Op::StoreDeref, cell, t, 0);
            self.set_top(t);
        }
        let future = self.future_annotations();
        if future && self.scopes[c.scope].has_annotations {
            self.abc(Op::SetupAnnotations, 0, 0, 0);
        }
        let body = self.body_docstring(c.body)?;
        self.stmts(body)?;
        self.u.span = Span::NONE;
        if !self.u.annotations.is_empty() {
            let span = self.u.annotations[0].2;
            let code = self.annotate_code(c.scope + 2, span)?;
            self.at(span, |g| -> Res {
                g.make_function(code, &[], t)?;
                g.store_temp(known::ANNOTATE_FUNC, t)
            })?;
        }
        let mut attrs: Vec<&str> =
            self.u.static_attributes.iter().flatten().map(|s| self.names.get(*s)).collect();
        attrs.sort_unstable();
        let lits: Vec<Lit<'a>> =
            attrs.iter().map(|s| Lit::Str(self.arena.alloc_slice_copy(s.as_bytes()))).collect();
        let lits: &'a [Lit<'a>] = self.arena.alloc_slice_copy(&lits);
        self.load_const(Lit::Tuple(lits), t);
        self.store_temp(known::STATIC_ATTRIBUTES, t)?;
        if self.scopes[c.scope].needs_classdict {
            let cell = self.u.regs[&known::CLASSDICT];
            self.with_ic(Op::StoreName, 0, cell, 0, known::CLASSDICTCELL);
        }
        if self.scopes[c.scope].needs_class_closure {
            let cell = self.u.regs[&known::CLASS];
            self.with_ic(Op::StoreName, 0, cell, 0, known::CLASSCELL);
            self.return_reg(cell);
        } else {
            self.return_none();
        }
        self.leave_unit(None)
    }

    /// Stores the temporary `t`, the next one, in a name of the class.
    fn store_temp(&mut self, name: crate::names::Sym, t: Reg) -> Res {
        self.set_top(t + 1);
        // Not through `store_name`: these are never mangled, but may be declared `global`… by nobody.
        self.store_name(name, t)?;
        self.set_top(t);
        Ok(())
    }
}
