//! Own tree → [`Tree`].

use super::{Node, Tree};
use crate::ast::*;
use crate::codegen::lit_const;
use crate::lower::with_stack;
use crate::names::{Names, Sym};
use crate::source::Locator;

pub(crate) fn tree_of(m: &Module, names: &Names, locator: &Locator) -> Node {
    let mut t = To { names, locator, hint: 0, depth: 0 };
    match &m.kind {
        ModKind::Module(body) => Node::new("Module", vec![t.stmts(body), Tree::List(Vec::new())]),
        ModKind::Interactive(body) => Node::new("Interactive", vec![t.stmts(body)]),
        ModKind::Expression(e) => Node::new("Expression", vec![t.expr(e, Ctx::Load)]),
        ModKind::FunctionType(args, ret) => {
            let args = t.exprs(args, Ctx::Load);
            Node::new("FunctionType", vec![args, t.expr(ret, Ctx::Load)])
        }
    }
}

#[derive(Clone, Copy)]
enum Ctx {
    Load,
    Store,
    Del,
}

struct To<'t, 'a> {
    names: &'t Names<'a>,
    locator: &'t Locator<'t>,
    hint: usize,
    depth: u32,
}

fn bare(class: &str) -> Tree {
    Tree::Node(Box::new(Node::new(class, Vec::new())))
}

impl<'a> To<'_, 'a> {
    fn node(&mut self, class: &str, fields: Vec<Tree>, span: Span) -> Tree {
        let mut n = Node::new(class, fields);
        n.pos = self.locator.position(span, &mut self.hint);
        Tree::Node(Box::new(n))
    }

    fn ident(&self, s: Sym) -> Tree {
        Tree::Ident(self.names.get(s).into())
    }

    fn opt_ident(&self, s: Option<Sym>) -> Tree {
        s.map_or(Tree::None, |s| self.ident(s))
    }

    fn idents(&self, list: &[Sym]) -> Tree {
        Tree::List(list.iter().map(|s| self.ident(*s)).collect())
    }

    fn ctx(&self, c: Ctx) -> Tree {
        bare(match c {
            Ctx::Load => "Load",
            Ctx::Store => "Store",
            Ctx::Del => "Del",
        })
    }

    fn exprs(&mut self, es: &[Expr<'a>], c: Ctx) -> Tree {
        Tree::List(es.iter().map(|e| self.expr(e, c)).collect())
    }

    fn opt(&mut self, e: Option<&Expr<'a>>) -> Tree {
        e.map_or(Tree::None, |e| self.expr(e, Ctx::Load))
    }

    fn expr(&mut self, e: &Expr<'a>, c: Ctx) -> Tree {
        self.depth += 1;
        let out = with_stack(self.depth, || self.expr_inner(e, c));
        self.depth -= 1;
        out
    }

    fn expr_inner(&mut self, e: &Expr<'a>, c: Ctx) -> Tree {
        use ExprKind as K;
        let load = Ctx::Load;
        let (class, fields) = match &e.kind {
            K::BoolOp(op, es) => {
                let op = bare(if *op == BoolOp::And { "And" } else { "Or" });
                ("BoolOp", vec![op, self.exprs(es, load)])
            }
            K::Named(t, v) => ("NamedExpr", vec![self.expr(t, Ctx::Store), self.expr(v, load)]),
            K::BinOp(l, op, r) => {
                ("BinOp", vec![self.expr(l, load), bare(operator(*op)), self.expr(r, load)])
            }
            K::UnaryOp(op, v) => {
                let op = match op {
                    UnaryOp::Invert => "Invert",
                    UnaryOp::Not => "Not",
                    UnaryOp::UAdd => "UAdd",
                    UnaryOp::USub => "USub",
                };
                ("UnaryOp", vec![bare(op), self.expr(v, load)])
            }
            K::Lambda(l) => ("Lambda", vec![self.arguments(&l.args), self.expr(&l.body, load)]),
            K::IfExp(i) => {
                let test = self.expr(&i.test, load);
                let body = self.expr(&i.body, load);
                ("IfExp", vec![test, body, self.expr(&i.orelse, load)])
            }
            K::Dict(items) => {
                let keys = items.iter().map(|i| self.opt(i.key.as_ref())).collect();
                let values = items.iter().map(|i| self.expr(&i.value, load)).collect();
                ("Dict", vec![Tree::List(keys), Tree::List(values)])
            }
            K::Set(es) => ("Set", vec![self.exprs(es, load)]),
            K::ListComp(comp) => ("ListComp", self.comp(comp)),
            K::SetComp(comp) => ("SetComp", self.comp(comp)),
            K::DictComp(comp) => ("DictComp", self.comp(comp)),
            K::GeneratorExp(comp) => ("GeneratorExp", self.comp(comp)),
            K::Await(v) => ("Await", vec![self.expr(v, load)]),
            K::Yield(v) => ("Yield", vec![self.opt(*v)]),
            K::YieldFrom(v) => ("YieldFrom", vec![self.expr(v, load)]),
            K::Compare(l, rest) => {
                let left = self.expr(l, load);
                let ops = rest.iter().map(|(op, _)| bare(comparison(*op))).collect();
                let right = rest.iter().map(|(_, e)| self.expr(e, load)).collect();
                ("Compare", vec![left, Tree::List(ops), Tree::List(right)])
            }
            K::Call(call) => {
                let func = self.expr(&call.func, load);
                let args = self.exprs(call.args, load);
                ("Call", vec![func, args, self.keywords(call.keywords)])
            }
            K::JoinedStr(es) => ("JoinedStr", vec![self.exprs(es, load)]),
            K::TemplateStr(es) => ("TemplateStr", vec![self.exprs(es, load)]),
            K::FormattedValue(f) => {
                let value = self.expr(&f.value, load);
                ("FormattedValue", vec![value, conversion(f.conversion), self.opt(f.spec)])
            }
            K::Interpolation(f) => {
                let value = self.expr(&f.value, load);
                let text = Tree::Const(lit_const(&f.text));
                ("Interpolation", vec![value, text, conversion(f.conversion), self.opt(f.spec)])
            }
            K::Constant(l) => ("Constant", vec![Tree::Const(lit_const(l)), Tree::None]),
            K::UStr(s) => {
                let text = Tree::Const(lit_const(&Lit::Str(s)));
                ("Constant", vec![text, Tree::Str((*b"u").into())])
            }
            K::Attribute(v, attr) => ("Attribute", vec![self.expr(v, load), self.ident(*attr), self.ctx(c)]),
            K::Subscript(v, i) => ("Subscript", vec![self.expr(v, load), self.expr(i, load), self.ctx(c)]),
            K::Starred(v) => ("Starred", vec![self.expr(v, c), self.ctx(c)]),
            K::Name(n) => ("Name", vec![self.ident(*n), self.ctx(c)]),
            K::List(es) => ("List", vec![self.exprs(es, c), self.ctx(c)]),
            K::Tuple(es) => ("Tuple", vec![self.exprs(es, c), self.ctx(c)]),
            K::Slice(s) => {
                let lower = self.opt(s.lower.as_ref());
                let upper = self.opt(s.upper.as_ref());
                ("Slice", vec![lower, upper, self.opt(s.step.as_ref())])
            }
        };
        self.node(class, fields, e.span)
    }

    fn comp(&mut self, c: &Comp<'a>) -> Vec<Tree> {
        let mut out = vec![self.expr(&c.elt, Ctx::Load)];
        if let Some(v) = &c.value {
            out.push(self.expr(v, Ctx::Load));
        }
        let gens = c
            .generators
            .iter()
            .map(|g| {
                let fields = vec![
                    self.expr(&g.target, Ctx::Store),
                    self.expr(&g.iter, Ctx::Load),
                    self.exprs(g.ifs, Ctx::Load),
                    Tree::Int(g.is_async as i64),
                ];
                Tree::Node(Box::new(Node::new("comprehension", fields)))
            })
            .collect();
        out.push(Tree::List(gens));
        out
    }

    fn keywords(&mut self, ks: &[Keyword<'a>]) -> Tree {
        Tree::List(
            ks.iter()
                .map(|k| {
                    let fields = vec![self.opt_ident(k.arg), self.expr(&k.value, Ctx::Load)];
                    self.node("keyword", fields, k.span)
                })
                .collect(),
        )
    }

    fn arguments(&mut self, a: &Arguments<'a>) -> Tree {
        let fields = vec![
            self.args(a.posonly),
            self.args(a.args),
            a.vararg.map_or(Tree::None, |v| self.arg(v)),
            self.args(a.kwonly),
            Tree::List(a.kw_defaults.iter().map(|d| self.opt(d.as_ref())).collect()),
            a.kwarg.map_or(Tree::None, |v| self.arg(v)),
            self.exprs(a.defaults, Ctx::Load),
        ];
        Tree::Node(Box::new(Node::new("arguments", fields)))
    }

    fn args(&mut self, list: &[Arg<'a>]) -> Tree {
        Tree::List(list.iter().map(|a| self.arg(a)).collect())
    }

    fn arg(&mut self, a: &Arg<'a>) -> Tree {
        let fields = vec![self.ident(a.name), self.opt(a.annotation), Tree::None];
        self.node("arg", fields, a.span)
    }

    fn stmts(&mut self, body: &[Stmt<'a>]) -> Tree {
        Tree::List(body.iter().map(|s| self.stmt(s)).collect())
    }

    fn stmt(&mut self, s: &Stmt<'a>) -> Tree {
        self.depth += 1;
        let out = with_stack(self.depth, || self.stmt_inner(s));
        self.depth -= 1;
        out
    }

    fn stmt_inner(&mut self, s: &Stmt<'a>) -> Tree {
        use StmtKind as K;
        let load = Ctx::Load;
        let (class, fields) = match &s.kind {
            K::FunctionDef(f) => {
                let class = if f.is_async { "AsyncFunctionDef" } else { "FunctionDef" };
                let fields = vec![
                    self.ident(f.name),
                    self.arguments(&f.args),
                    self.stmts(f.body),
                    self.exprs(f.decorators, load),
                    self.opt(f.returns),
                    Tree::None,
                    self.type_params(f.type_params),
                ];
                (class, fields)
            }
            K::ClassDef(c) => {
                let fields = vec![
                    self.ident(c.name),
                    self.exprs(c.bases, load),
                    self.keywords(c.keywords),
                    self.stmts(c.body),
                    self.exprs(c.decorators, load),
                    self.type_params(c.type_params),
                ];
                ("ClassDef", fields)
            }
            K::Return(v) => ("Return", vec![self.opt(*v)]),
            K::Delete(ts) => ("Delete", vec![self.exprs(ts, Ctx::Del)]),
            K::Assign(ts, v) => ("Assign", vec![self.exprs(ts, Ctx::Store), self.expr(v, load), Tree::None]),
            K::TypeAlias(t) => {
                let name = self.expr(&t.name, Ctx::Store);
                ("TypeAlias", vec![name, self.type_params(t.type_params), self.expr(&t.value, load)])
            }
            K::AugAssign(t, op, v) => {
                let t = self.expr(t, Ctx::Store);
                ("AugAssign", vec![t, bare(operator(*op)), self.expr(v, load)])
            }
            K::AnnAssign(a) => {
                let fields = vec![
                    self.expr(&a.target, Ctx::Store),
                    self.expr(&a.annotation, load),
                    self.opt(a.value.as_ref()),
                    Tree::Int(a.simple as i64),
                ];
                ("AnnAssign", fields)
            }
            K::For(f) => {
                let class = if f.is_async { "AsyncFor" } else { "For" };
                let fields = vec![
                    self.expr(&f.target, Ctx::Store),
                    self.expr(&f.iter, load),
                    self.stmts(f.body),
                    self.stmts(f.orelse),
                    Tree::None,
                ];
                (class, fields)
            }
            K::While(t, b, o) => ("While", vec![self.expr(t, load), self.stmts(b), self.stmts(o)]),
            K::If(t, b, o) => ("If", vec![self.expr(t, load), self.stmts(b), self.stmts(o)]),
            K::With(w) => {
                let class = if w.is_async { "AsyncWith" } else { "With" };
                let items = w
                    .items
                    .iter()
                    .map(|i| {
                        let vars = i.vars.as_ref().map_or(Tree::None, |v| self.expr(v, Ctx::Store));
                        let fields = vec![self.expr(&i.context, load), vars];
                        Tree::Node(Box::new(Node::new("withitem", fields)))
                    })
                    .collect();
                (class, vec![Tree::List(items), self.stmts(w.body), Tree::None])
            }
            K::Match(e, cases) => {
                let subject = self.expr(e, load);
                let cases = cases
                    .iter()
                    .map(|c| {
                        let fields =
                            vec![self.pattern(&c.pattern), self.opt(c.guard.as_ref()), self.stmts(c.body)];
                        Tree::Node(Box::new(Node::new("match_case", fields)))
                    })
                    .collect();
                ("Match", vec![subject, Tree::List(cases)])
            }
            K::Raise(e, c) => ("Raise", vec![self.opt(*e), self.opt(*c)]),
            K::Try(t) => {
                let class = if t.is_star { "TryStar" } else { "Try" };
                let body = self.stmts(t.body);
                let handlers = t
                    .handlers
                    .iter()
                    .map(|h| {
                        let fields = vec![self.opt(h.typ), self.opt_ident(h.name), self.stmts(h.body)];
                        self.node("ExceptHandler", fields, h.span)
                    })
                    .collect();
                let orelse = self.stmts(t.orelse);
                (class, vec![body, Tree::List(handlers), orelse, self.stmts(t.finalbody)])
            }
            K::Assert(t, m) => ("Assert", vec![self.expr(t, load), self.opt(*m)]),
            K::Import(names) => ("Import", vec![self.aliases(names)]),
            K::ImportFrom(i) => {
                let module = self.opt_ident(i.module);
                ("ImportFrom", vec![module, self.aliases(i.names), Tree::Int(i.level as i64)])
            }
            K::Global(names) => ("Global", vec![self.idents(names)]),
            K::Nonlocal(names) => ("Nonlocal", vec![self.idents(names)]),
            K::Expr(e) => ("Expr", vec![self.expr(e, load)]),
            K::Pass => ("Pass", vec![]),
            K::Break => ("Break", vec![]),
            K::Continue => ("Continue", vec![]),
        };
        self.node(class, fields, s.span)
    }

    fn aliases(&mut self, names: &[Alias]) -> Tree {
        Tree::List(
            names
                .iter()
                .map(|a| {
                    let fields = vec![self.ident(a.name), self.opt_ident(a.asname)];
                    self.node("alias", fields, a.span)
                })
                .collect(),
        )
    }

    fn type_params(&mut self, tps: &[TypeParam<'a>]) -> Tree {
        Tree::List(
            tps.iter()
                .map(|t| {
                    let name = self.ident(t.name);
                    let (class, fields) = match t.kind {
                        TypeParamKind::TypeVar { bound } => {
                            ("TypeVar", vec![name, self.opt(bound), self.opt(t.default)])
                        }
                        TypeParamKind::ParamSpec => ("ParamSpec", vec![name, self.opt(t.default)]),
                        TypeParamKind::TypeVarTuple => ("TypeVarTuple", vec![name, self.opt(t.default)]),
                    };
                    self.node(class, fields, t.span)
                })
                .collect(),
        )
    }

    fn patterns(&mut self, ps: &[Pattern<'a>]) -> Tree {
        Tree::List(ps.iter().map(|p| self.pattern(p)).collect())
    }

    fn pattern(&mut self, p: &Pattern<'a>) -> Tree {
        self.depth += 1;
        let out = with_stack(self.depth, || self.pattern_inner(p));
        self.depth -= 1;
        out
    }

    fn pattern_inner(&mut self, p: &Pattern<'a>) -> Tree {
        use PatternKind as K;
        let (class, fields) = match &p.kind {
            K::Value(e) => ("MatchValue", vec![self.expr(e, Ctx::Load)]),
            K::Singleton(l) => ("MatchSingleton", vec![Tree::Const(lit_const(l))]),
            K::Sequence(ps) => ("MatchSequence", vec![self.patterns(ps)]),
            K::Mapping(m) => {
                let keys = self.exprs(m.keys, Ctx::Load);
                ("MatchMapping", vec![keys, self.patterns(m.patterns), self.opt_ident(m.rest)])
            }
            K::Class(c) => {
                let fields = vec![
                    self.expr(&c.cls, Ctx::Load),
                    self.patterns(c.patterns),
                    self.idents(c.kwd_attrs),
                    self.patterns(c.kwd_patterns),
                ];
                ("MatchClass", fields)
            }
            K::Star(n) => ("MatchStar", vec![self.opt_ident(*n)]),
            K::As(inner, n) => {
                let inner = inner.map_or(Tree::None, |i| self.pattern(i));
                ("MatchAs", vec![inner, self.opt_ident(*n)])
            }
            K::Or(ps) => ("MatchOr", vec![self.patterns(ps)]),
        };
        self.node(class, fields, p.span)
    }
}

fn conversion(c: u8) -> Tree {
    Tree::Int(if c == 0 { -1 } else { c as i64 })
}

pub(super) const OPERATORS: [(BinOp, &str); 13] = [
    (BinOp::Add, "Add"),
    (BinOp::Sub, "Sub"),
    (BinOp::Mul, "Mult"),
    (BinOp::MatMul, "MatMult"),
    (BinOp::Div, "Div"),
    (BinOp::Mod, "Mod"),
    (BinOp::Pow, "Pow"),
    (BinOp::LShift, "LShift"),
    (BinOp::RShift, "RShift"),
    (BinOp::BitOr, "BitOr"),
    (BinOp::BitXor, "BitXor"),
    (BinOp::BitAnd, "BitAnd"),
    (BinOp::FloorDiv, "FloorDiv"),
];

pub(super) const COMPARISONS: [(CmpOp, &str); 10] = [
    (CmpOp::Eq, "Eq"),
    (CmpOp::NotEq, "NotEq"),
    (CmpOp::Lt, "Lt"),
    (CmpOp::LtE, "LtE"),
    (CmpOp::Gt, "Gt"),
    (CmpOp::GtE, "GtE"),
    (CmpOp::Is, "Is"),
    (CmpOp::IsNot, "IsNot"),
    (CmpOp::In, "In"),
    (CmpOp::NotIn, "NotIn"),
];

fn operator(op: BinOp) -> &'static str {
    OPERATORS.iter().find(|o| o.0 == op).map_or("Add", |o| o.1)
}

fn comparison(op: CmpOp) -> &'static str {
    COMPARISONS.iter().find(|o| o.0 == op).map_or("Eq", |o| o.1)
}
