//! Expressions, patterns' sub-expressions, parameters.

use ruff_python_ast as r;
use ruff_text_size::Ranged;

use super::{Lowerer, of_range, span, with_stack};
use crate::ast::*;

impl<'a> Lowerer<'a, '_> {
    pub fn expr_ref(&mut self, e: &r::Expr) -> ExprRef<'a> {
        let e = self.expr(e);
        self.b.alloc(e)
    }

    pub fn exprs(&mut self, es: &[r::Expr]) -> &'a [Expr<'a>] {
        self.slice_of(es, |s, e| s.expr(e))
    }

    pub fn opt_expr(&mut self, e: &Option<Box<r::Expr>>) -> Option<ExprRef<'a>> {
        e.as_ref().map(|e| self.expr_ref(e))
    }

    pub fn expr(&mut self, e: &r::Expr) -> Expr<'a> {
        let out = if self.enter() {
            let kind = with_stack(self.depth, || self.expr_kind(e));
            Expr { span: span(e), kind }
        } else {
            Expr { span: span(e), kind: ExprKind::Constant(Lit::None) }
        };
        self.depth -= 1;
        out
    }

    fn expr_kind(&mut self, e: &r::Expr) -> ExprKind<'a> {
        use ExprKind as K;
        match e {
            r::Expr::Name(n) => {
                let id = self.b.names.intern(n.id.as_str());
                self.b.name(id, !matches!(n.ctx, r::ExprContext::Load))
            }
            r::Expr::Attribute(a) => {
                let v = self.expr_ref(&a.value);
                K::Attribute(v, self.sym(&a.attr))
            }
            r::Expr::Call(c) => self.call(c),
            r::Expr::StringLiteral(s) => self.string_literal(s),
            r::Expr::NumberLiteral(n) => K::Constant(self.number(n)),
            r::Expr::BooleanLiteral(b) => K::Constant(if b.value { Lit::True } else { Lit::False }),
            r::Expr::NoneLiteral(_) => K::Constant(Lit::None),
            r::Expr::EllipsisLiteral(_) => K::Constant(Lit::Ellipsis),
            r::Expr::BytesLiteral(b) => K::Constant(self.bytes_literal(b)),
            r::Expr::FString(f) => self.fstring(f),
            r::Expr::TString(t) => self.tstring(t),
            r::Expr::BinOp(b) => {
                let left = self.expr_ref(&b.left);
                let right = self.expr_ref(&b.right);
                self.b.binop(left, bin_op(b.op), right)
            }
            r::Expr::UnaryOp(u) => {
                let v = self.expr_ref(&u.operand);
                self.b.unary(unary_op(u.op), v)
            }
            r::Expr::BoolOp(b) => {
                let op = match b.op {
                    r::BoolOp::And => BoolOp::And,
                    r::BoolOp::Or => BoolOp::Or,
                };
                K::BoolOp(op, self.exprs(&b.values))
            }
            r::Expr::Compare(c) => {
                let left = self.expr_ref(&c.left);
                let arena = self.b.arena;
                let rest = arena.alloc_slice_fill_iter(
                    c.ops.iter().zip(c.comparators.iter()).map(|(o, e)| (cmp_op(*o), self.expr(e))),
                );
                self.b.compare(left, rest)
            }
            r::Expr::Subscript(s) => {
                let v = self.expr_ref(&s.value);
                let i = self.expr_ref(&s.slice);
                self.b.subscript(v, i, !matches!(s.ctx, r::ExprContext::Load))
            }
            r::Expr::Tuple(t) => {
                let items = self.exprs(&t.elts);
                self.b.tuple(items, !matches!(t.ctx, r::ExprContext::Load))
            }
            r::Expr::List(l) => K::List(self.exprs(&l.elts)),
            r::Expr::Set(s) => K::Set(self.exprs(&s.elts)),
            r::Expr::Dict(d) => K::Dict(self.slice_of(&d.items, |s, i| DictItem {
                key: i.key.as_ref().map(|k| s.expr(k)),
                value: s.expr(&i.value),
            })),
            r::Expr::Named(n) => {
                let t = self.expr_ref(&n.target);
                let v = self.expr_ref(&n.value);
                K::Named(t, v)
            }
            r::Expr::Lambda(l) => {
                let scope = self.b.new_scope(1);
                let args = l.parameters.as_ref().map(|p| self.arguments(p)).unwrap_or_default();
                let body = self.expr(&l.body);
                K::Lambda(self.b.alloc(Lambda { scope, args, body }))
            }
            r::Expr::If(i) => {
                let (test, body, orelse) = (self.expr(&i.test), self.expr(&i.body), self.expr(&i.orelse));
                K::IfExp(self.b.alloc(IfExp { test, body, orelse }))
            }
            r::Expr::ListComp(c) => K::ListComp(self.comp(&c.elt, None, &c.generators)),
            r::Expr::SetComp(c) => K::SetComp(self.comp(&c.elt, None, &c.generators)),
            r::Expr::Generator(c) => K::GeneratorExp(self.comp(&c.elt, None, &c.generators)),
            r::Expr::DictComp(c) => {
                let key = c.key.as_deref().unwrap_or(&c.value);
                K::DictComp(self.comp(key, Some(&c.value), &c.generators))
            }
            r::Expr::Await(a) => K::Await(self.expr_ref(&a.value)),
            r::Expr::Yield(y) => K::Yield(self.opt_expr(&y.value)),
            r::Expr::YieldFrom(y) => K::YieldFrom(self.expr_ref(&y.value)),
            r::Expr::Starred(s) => K::Starred(self.expr_ref(&s.value)),
            r::Expr::Slice(s) => {
                let sl = Slice {
                    lower: s.lower.as_ref().map(|e| self.expr(e)),
                    upper: s.upper.as_ref().map(|e| self.expr(e)),
                    step: s.step.as_ref().map(|e| self.expr(e)),
                };
                K::Slice(self.b.alloc(sl))
            }
            r::Expr::IpyEscapeCommand(_) => K::Constant(Lit::None),
        }
    }

    fn comp(&mut self, elt: &r::Expr, value: Option<&r::Expr>, gens: &[r::Comprehension]) -> &'a Comp<'a> {
        let scope = self.b.new_scope(1);
        let elt = self.expr(elt);
        let value = value.map(|v| self.expr(v));
        let generators = self.slice_of(gens, |s, g| Comprehension {
            target: s.expr(&g.target),
            iter: s.expr(&g.iter),
            ifs: s.exprs(&g.ifs),
            is_async: g.is_async,
        });
        self.b.alloc(Comp { scope, elt, value, generators })
    }

    fn call(&mut self, c: &r::ExprCall) -> ExprKind<'a> {
        let func = self.expr(&c.func);
        let args = self.slice_of(&c.arguments.args, |s, a| {
            let mut e = s.expr(a);
            if let r::Expr::Generator(g) = a
                && !g.parenthesized
            {
                // `f(x for x in y)`: the generator takes the call's parentheses.
                e.span = of_range(c.arguments.range);
            }
            e
        });
        let keywords = self.keywords(&c.arguments.keywords);
        ExprKind::Call(self.b.alloc(Call { func, args, keywords }))
    }

    pub fn keywords(&mut self, ks: &[r::Keyword]) -> &'a [Keyword<'a>] {
        self.slice_of(ks, |s, k| Keyword {
            span: span(k),
            arg: k.arg.as_ref().map(|a| s.sym(a)),
            value: s.expr(&k.value),
        })
    }

    pub fn arguments(&mut self, p: &r::Parameters) -> Arguments<'a> {
        let posonly = self.slice_of(&p.posonlyargs, |s, a| s.arg(&a.parameter));
        let args = self.slice_of(&p.args, |s, a| s.arg(&a.parameter));
        let vararg = p.vararg.as_ref().map(|a| self.star_arg(a)).map(|a| self.b.alloc(a));
        let kwonly = self.slice_of(&p.kwonlyargs, |s, a| s.arg(&a.parameter));
        let kwarg = p.kwarg.as_ref().map(|a| self.star_arg(a)).map(|a| self.b.alloc(a));
        let defaults: Vec<Expr<'a>> = p
            .posonlyargs
            .iter()
            .chain(p.args.iter())
            .filter_map(|a| a.default.as_ref())
            .map(|d| self.expr(d))
            .collect();
        let kw_defaults = self.slice_of(&p.kwonlyargs, |s, a| a.default.as_ref().map(|d| s.expr(d)));
        let defaults = self.b.arena.alloc_slice_copy(&defaults);
        Arguments { posonly, args, vararg, kwonly, kw_defaults, kwarg, defaults }
    }

    fn arg(&mut self, p: &r::Parameter) -> Arg<'a> {
        let name = self.sym(&p.name);
        let annotation = p.annotation.as_ref().map(|a| self.annotation(a)).map(|e| self.b.alloc(e));
        Arg { span: of_range(p.range()), name, annotation }
    }

    /// `*a` or `**a`: the stars are not part of it.
    fn star_arg(&mut self, p: &r::Parameter) -> Arg<'a> {
        let mut arg = self.arg(p);
        arg.span.start = p.name.range.start().to_u32();
        arg
    }

    /// An annotation: kept as written when it will be turned into text.
    pub fn annotation(&mut self, e: &r::Expr) -> Expr<'a> {
        let fold = self.b.fold;
        if self.future_annotations {
            self.b.fold = super::Fold::No;
        }
        let out = self.expr(e);
        self.b.fold = fold;
        out
    }
}

pub fn bin_op(op: r::Operator) -> BinOp {
    match op {
        r::Operator::Add => BinOp::Add,
        r::Operator::Sub => BinOp::Sub,
        r::Operator::Mult => BinOp::Mul,
        r::Operator::MatMult => BinOp::MatMul,
        r::Operator::Div => BinOp::Div,
        r::Operator::Mod => BinOp::Mod,
        r::Operator::Pow => BinOp::Pow,
        r::Operator::LShift => BinOp::LShift,
        r::Operator::RShift => BinOp::RShift,
        r::Operator::BitOr => BinOp::BitOr,
        r::Operator::BitXor => BinOp::BitXor,
        r::Operator::BitAnd => BinOp::BitAnd,
        r::Operator::FloorDiv => BinOp::FloorDiv,
    }
}

fn unary_op(op: r::UnaryOp) -> UnaryOp {
    match op {
        r::UnaryOp::Invert => UnaryOp::Invert,
        r::UnaryOp::Not => UnaryOp::Not,
        r::UnaryOp::UAdd => UnaryOp::UAdd,
        r::UnaryOp::USub => UnaryOp::USub,
    }
}

fn cmp_op(op: r::CmpOp) -> CmpOp {
    match op {
        r::CmpOp::Eq => CmpOp::Eq,
        r::CmpOp::NotEq => CmpOp::NotEq,
        r::CmpOp::Lt => CmpOp::Lt,
        r::CmpOp::LtE => CmpOp::LtE,
        r::CmpOp::Gt => CmpOp::Gt,
        r::CmpOp::GtE => CmpOp::GtE,
        r::CmpOp::Is => CmpOp::Is,
        r::CmpOp::IsNot => CmpOp::IsNot,
        r::CmpOp::In => CmpOp::In,
        r::CmpOp::NotIn => CmpOp::NotIn,
    }
}
