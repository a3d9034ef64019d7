//! [`Tree`] → own tree, with the checks of `Python/ast.c`: a tree made by hand may be nonsense.
//!
//! Spans are indices into a table of positions, for such trees belong to no source text.

use super::to::{COMPARISONS, OPERATORS};
use super::{Node, Tree};
use crate::ast::*;
use crate::error::{Error, ErrorKind, Res};
use crate::lower::{Builder, MAX_DEPTH, with_stack};
use crate::names::{Sym, known};
use adder_bytecode::Const;

/// The module of a tree; `positions` becomes the locator's table.
pub(crate) fn module_from_tree<'a>(
    root: &Node,
    b: Builder<'a>,
    positions: &mut Vec<(u32, u32)>,
) -> (Builder<'a>, Res<Module<'a>>) {
    let mut f = From { b, positions, depth: 0 };
    let kind = f.module(root);
    let scopes = f.b.scopes;
    let out = kind.map(|kind| Module { kind, scopes, span: Span::NONE });
    (f.b, out)
}

struct From<'a, 'p> {
    b: Builder<'a>,
    positions: &'p mut Vec<(u32, u32)>,
    depth: u32,
}

fn value_error<T>(msg: impl Into<String>) -> Res<T> {
    Err(Error::of(ErrorKind::ValueError, msg, Span::NONE))
}

fn type_error<T>(msg: impl Into<String>) -> Res<T> {
    Err(Error::of(ErrorKind::TypeError, msg, Span::NONE))
}

static EMPTY: Tree = Tree::None;

/// A list field; anything else counts as empty.
fn list<'t>(n: &'t Node, field: &str) -> &'t [Tree] {
    match n.get(field) {
        Tree::List(l) => l,
        _ => &[],
    }
}

fn required<'t>(n: &'t Node, field: &str) -> Res<&'t Tree> {
    match n.get(field) {
        Tree::None => value_error(format!("field '{field}' is required for {}", n.class.name)),
        t => Ok(t),
    }
}

fn non_empty<'t>(n: &'t Node, field: &str) -> Res<&'t [Tree]> {
    match list(n, field) {
        [] => value_error(format!("empty {field} on {}", n.class.name)),
        l => Ok(l),
    }
}

fn node_of<'t>(t: &'t Tree, what: &str) -> Res<&'t Node> {
    match t {
        Tree::Node(n) => Ok(n),
        _ => type_error(format!("expected some sort of {what}")),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Ctx {
    Load,
    Store,
    Del,
}

impl Ctx {
    fn name(self) -> &'static str {
        match self {
            Ctx::Load => "Load",
            Ctx::Store => "Store",
            Ctx::Del => "Del",
        }
    }
}

impl<'a> From<'a, '_> {
    fn module(&mut self, root: &Node) -> Res<ModKind<'a>> {
        Ok(match root.class.name {
            "Module" => ModKind::Module(self.stmts(list(root, "body"))?),
            "Interactive" => ModKind::Interactive(self.stmts(list(root, "body"))?),
            "Expression" => ModKind::Expression(self.expr(required(root, "body")?, Ctx::Load)?),
            "FunctionType" => {
                let args = self.exprs(list(root, "argtypes"), Ctx::Load)?;
                ModKind::FunctionType(args, self.expr(required(root, "returns")?, Ctx::Load)?)
            }
            other => return type_error(format!("expected some sort of mod, but got {other}")),
        })
    }

    fn span(&mut self, n: &Node) -> Res<Span> {
        let p = n.pos;
        let (line, end_line) = (p.line as i32, p.end_line as i32);
        let (col, end_col) = (p.col as i32, p.end_col as i32);
        if line > end_line {
            return value_error(format!("AST node line range ({line}, {end_line}) is not valid"));
        }
        if (line < 0 && end_line != line) || (col < 0 && col != end_col) {
            return value_error(format!(
                "AST node column range ({col}, {end_col}) for line range ({line}, {end_line}) is not valid"
            ));
        }
        if line == end_line && col > end_col {
            return value_error(format!("line {line}, column {col}-{end_col} is not a valid range"));
        }
        let i = self.positions.len() as u32;
        self.positions.push((p.line, p.col));
        self.positions.push((p.end_line, p.end_col));
        Ok(Span { start: i, end: i + 1 })
    }

    fn ident(&mut self, n: &Node, field: &str) -> Res<Sym> {
        match required(n, field)? {
            Tree::Ident(s) => {
                let s = self.b.names.intern(s);
                // What a statement binds under that name.
                if matches!(field, "name" | "asname") {
                    self.check_name(s)?;
                }
                Ok(s)
            }
            _ => type_error("AST identifier must be of type str"),
        }
    }

    fn opt_ident(&mut self, n: &Node, field: &str) -> Res<Option<Sym>> {
        match n.get(field) {
            Tree::None => Ok(None),
            _ => self.ident(n, field).map(Some),
        }
    }

    /// Names that are really constants.
    fn check_name(&self, s: Sym) -> Res {
        match self.b.names.get(s) {
            c @ ("None" | "True" | "False") => {
                value_error(format!("identifier field can't represent '{c}' constant"))
            }
            _ => Ok(()),
        }
    }

    fn checked_ident(&mut self, n: &Node, field: &str) -> Res<Sym> {
        let s = self.ident(n, field)?;
        self.check_name(s)?;
        Ok(s)
    }

    fn idents(&mut self, items: &[Tree]) -> Res<&'a [Sym]> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            match t {
                Tree::Ident(s) => out.push(self.b.names.intern(s)),
                _ => return type_error("AST identifier must be of type str"),
            }
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Res<T>) -> Res<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::recursion());
        }
        let depth = self.depth;
        let out = with_stack(depth, || f(self));
        self.depth -= 1;
        out
    }

    fn exprs(&mut self, items: &[Tree], ctx: Ctx) -> Res<&'a [Expr<'a>]> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            if *t == Tree::None {
                return value_error("None disallowed in expression list");
            }
            out.push(self.expr(t, ctx)?);
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn opt(&mut self, n: &Node, field: &str) -> Res<Option<Expr<'a>>> {
        match n.get(field) {
            Tree::None => Ok(None),
            t => self.expr(t, Ctx::Load).map(Some),
        }
    }

    fn opt_ref(&mut self, n: &Node, field: &str) -> Res<Option<ExprRef<'a>>> {
        Ok(self.opt(n, field)?.map(|e| self.b.alloc(e)))
    }

    fn expr_ref(&mut self, n: &Node, field: &str, ctx: Ctx) -> Res<ExprRef<'a>> {
        let e = self.expr(required(n, field)?, ctx)?;
        Ok(self.b.alloc(e))
    }

    fn load(&mut self, n: &Node, field: &str) -> Res<Expr<'a>> {
        self.expr(required(n, field)?, Ctx::Load)
    }

    fn expr(&mut self, t: &Tree, ctx: Ctx) -> Res<Expr<'a>> {
        let n = node_of(t, "expr")?;
        let span = self.span(n)?;
        self.check_context(n, ctx)?;
        let kind = self.deeper(|f| f.expr_kind(n, ctx))?;
        Ok(Expr { span, kind })
    }

    fn check_context(&self, n: &Node, ctx: Ctx) -> Res {
        if !matches!(n.class.name, "Attribute" | "Subscript" | "Starred" | "Name" | "List" | "Tuple") {
            if ctx != Ctx::Load {
                return value_error(format!(
                    "expression which can't be assigned to in {} context",
                    ctx.name()
                ));
            }
            return Ok(());
        }
        match required(n, "ctx")? {
            Tree::Node(c) if c.class.name != ctx.name() => value_error(format!(
                "expression must have {} context but has {} instead",
                ctx.name(),
                c.class.name
            )),
            _ => Ok(()),
        }
    }

    fn expr_kind(&mut self, n: &Node, ctx: Ctx) -> Res<ExprKind<'a>> {
        use ExprKind as K;
        let load = Ctx::Load;
        Ok(match n.class.name {
            "BoolOp" => {
                let values = list(n, "values");
                if values.len() < 2 {
                    return value_error("BoolOp with less than 2 values");
                }
                let op = if node_of(required(n, "op")?, "boolop")?.class.name == "And" {
                    BoolOp::And
                } else {
                    BoolOp::Or
                };
                K::BoolOp(op, self.exprs(values, load)?)
            }
            "NamedExpr" => {
                if !matches!(n.get("target"), Tree::Node(t) if t.class.name == "Name") {
                    return type_error("NamedExpr target must be a Name");
                }
                let t = self.expr_ref(n, "target", Ctx::Store)?;
                K::Named(t, self.expr_ref(n, "value", load)?)
            }
            "BinOp" => {
                let l = self.expr_ref(n, "left", load)?;
                let op = operator(n)?;
                let r = self.expr_ref(n, "right", load)?;
                self.b.binop(l, op, r)
            }
            "UnaryOp" => {
                let op = match node_of(required(n, "op")?, "unaryop")?.class.name {
                    "Invert" => UnaryOp::Invert,
                    "Not" => UnaryOp::Not,
                    "UAdd" => UnaryOp::UAdd,
                    _ => UnaryOp::USub,
                };
                let v = self.expr_ref(n, "operand", load)?;
                self.b.unary(op, v)
            }
            "Lambda" => {
                let scope = self.b.new_scope(1);
                let args = self.arguments(required(n, "args")?)?;
                let body = self.load(n, "body")?;
                K::Lambda(self.b.alloc(Lambda { scope, args, body }))
            }
            "IfExp" => {
                let test = self.load(n, "test")?;
                let body = self.load(n, "body")?;
                let orelse = self.load(n, "orelse")?;
                K::IfExp(self.b.alloc(IfExp { test, body, orelse }))
            }
            "Dict" => {
                let (keys, values) = (list(n, "keys"), list(n, "values"));
                if keys.len() != values.len() {
                    return value_error("Dict doesn't have the same number of keys as values");
                }
                let mut items = Vec::with_capacity(keys.len());
                for (k, v) in keys.iter().zip(values) {
                    let key = if *k == EMPTY { None } else { Some(self.expr(k, load)?) };
                    if *v == EMPTY {
                        return value_error("None disallowed in expression list");
                    }
                    items.push(DictItem { key, value: self.expr(v, load)? });
                }
                K::Dict(self.b.arena.alloc_slice_copy(&items))
            }
            "Set" => K::Set(self.exprs(list(n, "elts"), load)?),
            "ListComp" => K::ListComp(self.comp(n)?),
            "SetComp" => K::SetComp(self.comp(n)?),
            "DictComp" => K::DictComp(self.comp(n)?),
            "GeneratorExp" => K::GeneratorExp(self.comp(n)?),
            "Await" => K::Await(self.expr_ref(n, "value", load)?),
            "Yield" => K::Yield(self.opt_ref(n, "value")?),
            "YieldFrom" => K::YieldFrom(self.expr_ref(n, "value", load)?),
            "Compare" => {
                let (ops, right) = (list(n, "ops"), list(n, "comparators"));
                if right.is_empty() {
                    return value_error("Compare has no comparators");
                }
                if right.len() != ops.len() {
                    return value_error("Compare has a different number of comparators and operands");
                }
                let mut rest = Vec::with_capacity(ops.len());
                let left = self.expr_ref(n, "left", load)?;
                for (op, r) in ops.iter().zip(right) {
                    let name = node_of(op, "cmpop")?.class.name;
                    let op = COMPARISONS.iter().find(|o| o.1 == name).map_or(CmpOp::Eq, |o| o.0);
                    if *r == EMPTY {
                        return value_error("None disallowed in expression list");
                    }
                    rest.push((op, self.expr(r, load)?));
                }
                let rest = self.b.arena.alloc_slice_copy(&rest);
                self.b.compare(left, rest)
            }
            "Call" => {
                let func = self.load(n, "func")?;
                let args = self.exprs(list(n, "args"), load)?;
                let keywords = self.keywords(list(n, "keywords"))?;
                K::Call(self.b.alloc(Call { func, args, keywords }))
            }
            "JoinedStr" => K::JoinedStr(self.exprs(list(n, "values"), load)?),
            "TemplateStr" => K::TemplateStr(self.exprs(list(n, "values"), load)?),
            "FormattedValue" => {
                let value = self.load(n, "value")?;
                let f =
                    Formatted { value, conversion: conversion(n)?, spec: self.opt_ref(n, "format_spec")? };
                K::FormattedValue(self.b.alloc(f))
            }
            "Interpolation" => {
                let value = self.load(n, "value")?;
                let text = match n.get("str") {
                    Tree::Const(c) => self.lit(c)?,
                    _ => Lit::Str(b""),
                };
                let conversion = conversion(n)?;
                let spec = self.opt_ref(n, "format_spec")?;
                K::Interpolation(self.b.alloc(Interpolation { value, text, conversion, spec }))
            }
            "Constant" => match n.get("value") {
                Tree::Const(c) => K::Constant(self.lit(c)?),
                _ => K::Constant(Lit::None),
            },
            "Attribute" => {
                let v = self.expr_ref(n, "value", load)?;
                K::Attribute(v, self.ident(n, "attr")?)
            }
            "Subscript" => {
                let i = self.expr_ref(n, "slice", load)?;
                let v = self.expr_ref(n, "value", load)?;
                self.b.subscript(v, i, ctx != load)
            }
            "Starred" => K::Starred(self.expr_ref(n, "value", ctx)?),
            "Name" => {
                let s = self.checked_ident(n, "id")?;
                self.b.name(s, ctx != load)
            }
            "List" => K::List(self.exprs(list(n, "elts"), ctx)?),
            "Tuple" => {
                let items = self.exprs(list(n, "elts"), ctx)?;
                self.b.tuple(items, ctx != load)
            }
            "Slice" => {
                let lower = self.opt(n, "lower")?;
                let upper = self.opt(n, "upper")?;
                let step = self.opt(n, "step")?;
                K::Slice(self.b.alloc(Slice { lower, upper, step }))
            }
            _ => return type_error("unexpected expression"),
        })
    }

    fn lit(&self, c: &Const) -> Res<Lit<'a>> {
        let items = |t: &[Const]| -> Res<&'a [Lit<'a>]> {
            let v: Vec<Lit<'a>> = t.iter().map(|c| self.lit(c)).collect::<Res<_>>()?;
            Ok(self.b.arena.alloc_slice_copy(&v))
        };
        Ok(match c {
            Const::None => Lit::None,
            Const::True => Lit::True,
            Const::False => Lit::False,
            Const::Ellipsis => Lit::Ellipsis,
            Const::Int(v) => Lit::Int(*v),
            Const::BigInt(n, l) => Lit::Big(*n, self.b.arena.alloc_slice_copy(l)),
            Const::Float(v) => Lit::Float(*v),
            Const::Complex(r, i) => Lit::Complex(*r, *i),
            Const::Str(s) => Lit::Str(self.b.arena.alloc_slice_copy(s)),
            Const::Bytes(s) => Lit::Bytes(self.b.arena.alloc_slice_copy(s)),
            Const::Tuple(t) => Lit::Tuple(items(t)?),
            Const::FrozenSet(t) => Lit::FrozenSet(items(t)?),
            Const::Slice(_) => return type_error("got an invalid type in Constant: slice"),
            Const::Code(_) | Const::Lazy(_) => return type_error("got an invalid type in Constant: code"),
        })
    }

    fn comp(&mut self, n: &Node) -> Res<&'a Comp<'a>> {
        let scope = self.b.new_scope(1);
        let gens = list(n, "generators");
        if gens.is_empty() {
            return value_error("comprehension with no generators");
        }
        let mut generators = Vec::with_capacity(gens.len());
        for g in gens {
            let g = node_of(g, "comprehension")?;
            generators.push(Comprehension {
                target: self.expr(required(g, "target")?, Ctx::Store)?,
                iter: self.load(g, "iter")?,
                ifs: self.exprs(list(g, "ifs"), Ctx::Load)?,
                is_async: !matches!(g.get("is_async"), Tree::Int(0) | Tree::None),
            });
        }
        let dict = n.class.name == "DictComp";
        let elt = self.load(n, if dict { "key" } else { "elt" })?;
        let value = if dict { Some(self.load(n, "value")?) } else { None };
        let generators = self.b.arena.alloc_slice_copy(&generators);
        Ok(self.b.alloc(Comp { scope, elt, value, generators }))
    }

    fn keywords(&mut self, items: &[Tree]) -> Res<&'a [Keyword<'a>]> {
        let mut out = Vec::with_capacity(items.len());
        for k in items {
            let k = node_of(k, "keyword")?;
            let span = self.span(k)?;
            out.push(Keyword { span, arg: self.opt_ident(k, "arg")?, value: self.load(k, "value")? });
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn arguments(&mut self, t: &Tree) -> Res<Arguments<'a>> {
        let n = node_of(t, "arguments")?;
        let posonly = self.args(list(n, "posonlyargs"))?;
        let args = self.args(list(n, "args"))?;
        let vararg = self.opt_arg(n.get("vararg"))?;
        let kwonly = self.args(list(n, "kwonlyargs"))?;
        let kwarg = self.opt_arg(n.get("kwarg"))?;
        if list(n, "defaults").len() > posonly.len() + args.len() {
            return value_error("more positional defaults than args on arguments");
        }
        let kw_defaults = list(n, "kw_defaults");
        if kw_defaults.len() != kwonly.len() {
            return value_error("length of kwonlyargs is not the same as kw_defaults on arguments");
        }
        let defaults = self.exprs(list(n, "defaults"), Ctx::Load)?;
        let mut kw = Vec::with_capacity(kw_defaults.len());
        for d in kw_defaults {
            kw.push(if *d == EMPTY { None } else { Some(self.expr(d, Ctx::Load)?) });
        }
        let kw_defaults = self.b.arena.alloc_slice_copy(&kw);
        Ok(Arguments { posonly, args, vararg, kwonly, kw_defaults, kwarg, defaults })
    }

    fn args(&mut self, items: &[Tree]) -> Res<&'a [Arg<'a>]> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            out.push(self.arg(t)?);
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn opt_arg(&mut self, t: &Tree) -> Res<Option<&'a Arg<'a>>> {
        match t {
            Tree::None => Ok(None),
            t => {
                let a = self.arg(t)?;
                Ok(Some(self.b.alloc(a)))
            }
        }
    }

    fn arg(&mut self, t: &Tree) -> Res<Arg<'a>> {
        let n = node_of(t, "arg")?;
        let span = self.span(n)?;
        Ok(Arg { span, name: self.ident(n, "arg")?, annotation: self.opt_ref(n, "annotation")? })
    }

    fn stmts(&mut self, items: &[Tree]) -> Res<Body<'a>> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            if *t == Tree::None {
                return value_error("None disallowed in statement list");
            }
            out.push(self.stmt(t)?);
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn body(&mut self, n: &Node) -> Res<Body<'a>> {
        self.stmts(non_empty(n, "body")?)
    }

    fn stmt(&mut self, t: &Tree) -> Res<Stmt<'a>> {
        let n = node_of(t, "stmt")?;
        let span = self.span(n)?;
        let kind = self.deeper(|f| f.stmt_kind(n))?;
        Ok(Stmt { span, kind })
    }

    fn stmt_kind(&mut self, n: &Node) -> Res<StmtKind<'a>> {
        use StmtKind as K;
        let load = Ctx::Load;
        Ok(match n.class.name {
            "FunctionDef" | "AsyncFunctionDef" => {
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let body = non_empty(n, "body")?;
                let type_params = self.type_params(list(n, "type_params"))?;
                let args = self.arguments(required(n, "args")?)?;
                let decorators = self.exprs(list(n, "decorator_list"), load)?;
                let returns = self.opt_ref(n, "returns")?;
                let body = self.stmts(body)?;
                let name = self.ident(n, "name")?;
                let is_async = n.class.name == "AsyncFunctionDef";
                let f = FunctionDef { scope, is_async, name, args, body, decorators, returns, type_params };
                K::FunctionDef(self.b.alloc(f))
            }
            "ClassDef" => {
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let body = non_empty(n, "body")?;
                let type_params = self.type_params(list(n, "type_params"))?;
                let bases = self.exprs(list(n, "bases"), load)?;
                let keywords = self.keywords(list(n, "keywords"))?;
                let decorators = self.exprs(list(n, "decorator_list"), load)?;
                let body = self.stmts(body)?;
                let name = self.ident(n, "name")?;
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
            "Return" => K::Return(self.opt_ref(n, "value")?),
            "Delete" => K::Delete(self.exprs(non_empty(n, "targets")?, Ctx::Del)?),
            "Assign" => {
                let targets = self.exprs(non_empty(n, "targets")?, Ctx::Store)?;
                K::Assign(targets, self.expr_ref(n, "value", load)?)
            }
            "TypeAlias" => {
                if !matches!(n.get("name"), Tree::Node(t) if t.class.name == "Name") {
                    return type_error("TypeAlias with non-Name name");
                }
                let scope = self.b.new_scope(SCOPES_PER_DEF);
                let name = self.expr(required(n, "name")?, Ctx::Store)?;
                let type_params = self.type_params(list(n, "type_params"))?;
                let value = self.load(n, "value")?;
                K::TypeAlias(self.b.alloc(TypeAlias { scope, name, type_params, value }))
            }
            "AugAssign" => {
                let t = self.expr_ref(n, "target", Ctx::Store)?;
                let op = operator(n)?;
                K::AugAssign(t, op, self.expr_ref(n, "value", load)?)
            }
            "AnnAssign" => {
                let simple = !matches!(n.get("simple"), Tree::Int(0) | Tree::None);
                if simple && !matches!(n.get("target"), Tree::Node(t) if t.class.name == "Name") {
                    return type_error("AnnAssign with simple non-Name target");
                }
                let target = self.expr(required(n, "target")?, Ctx::Store)?;
                let value = self.opt(n, "value")?;
                let annotation = self.load(n, "annotation")?;
                K::AnnAssign(self.b.alloc(AnnAssign { target, annotation, value, simple }))
            }
            "For" | "AsyncFor" => {
                let target = self.expr(required(n, "target")?, Ctx::Store)?;
                let iter = self.load(n, "iter")?;
                let body = self.body(n)?;
                let orelse = self.stmts(list(n, "orelse"))?;
                let is_async = n.class.name == "AsyncFor";
                K::For(self.b.alloc(For { is_async, target, iter, body, orelse }))
            }
            "While" => {
                let test = self.expr_ref(n, "test", load)?;
                let body = self.body(n)?;
                K::While(test, body, self.stmts(list(n, "orelse"))?)
            }
            "If" => {
                let test = self.expr_ref(n, "test", load)?;
                let body = self.body(n)?;
                K::If(test, body, self.stmts(list(n, "orelse"))?)
            }
            "With" | "AsyncWith" => {
                let mut items = Vec::new();
                for i in non_empty(n, "items")? {
                    let i = node_of(i, "withitem")?;
                    let context = self.load(i, "context_expr")?;
                    let vars = match i.get("optional_vars") {
                        Tree::None => None,
                        t => Some(self.expr(t, Ctx::Store)?),
                    };
                    items.push(WithItem { context, vars });
                }
                let items = self.b.arena.alloc_slice_copy(&items);
                let body = self.body(n)?;
                K::With(self.b.alloc(With { is_async: n.class.name == "AsyncWith", items, body }))
            }
            "Match" => {
                let subject = self.expr_ref(n, "subject", load)?;
                let mut cases = Vec::new();
                for c in non_empty(n, "cases")? {
                    let c = node_of(c, "match_case")?;
                    let pattern = self.pattern(required(c, "pattern")?, false)?;
                    let guard = self.opt(c, "guard")?;
                    cases.push(MatchCase { pattern, guard, body: self.body(c)? });
                }
                K::Match(subject, self.b.arena.alloc_slice_copy(&cases))
            }
            "Raise" => {
                let e = self.opt_ref(n, "exc")?;
                if e.is_none() && *n.get("cause") != EMPTY {
                    return value_error("Raise with cause but no exception");
                }
                K::Raise(e, self.opt_ref(n, "cause")?)
            }
            "Try" | "TryStar" => self.try_stmt(n)?,
            "Assert" => {
                let t = self.expr_ref(n, "test", load)?;
                K::Assert(t, self.opt_ref(n, "msg")?)
            }
            "Import" => K::Import(self.aliases(non_empty(n, "names")?)?),
            "ImportFrom" => {
                let level = match n.get("level") {
                    Tree::Int(v) if *v < 0 => return value_error("Negative ImportFrom level"),
                    Tree::Int(v) => *v as u32,
                    _ => 0,
                };
                let names = self.aliases(non_empty(n, "names")?)?;
                let module = self.opt_ident(n, "module")?;
                K::ImportFrom(self.b.alloc(ImportFrom { module, names, level }))
            }
            "Global" => K::Global(self.idents(non_empty(n, "names")?)?),
            "Nonlocal" => K::Nonlocal(self.idents(non_empty(n, "names")?)?),
            "Expr" => K::Expr(self.expr_ref(n, "value", load)?),
            "Pass" => K::Pass,
            "Break" => K::Break,
            "Continue" => K::Continue,
            _ => return type_error("unexpected statement"),
        })
    }

    fn try_stmt(&mut self, n: &Node) -> Res<StmtKind<'a>> {
        let name = n.class.name;
        let body = self.body(n)?;
        let (handlers, finalbody) = (list(n, "handlers"), list(n, "finalbody"));
        if handlers.is_empty() && finalbody.is_empty() {
            return value_error(format!("{name} has neither except handlers nor finalbody"));
        }
        if handlers.is_empty() && !list(n, "orelse").is_empty() {
            return value_error(format!("{name} has orelse but no except handlers"));
        }
        let mut out = Vec::with_capacity(handlers.len());
        for h in handlers {
            let h = node_of(h, "excepthandler")?;
            let span = self.span(h)?;
            let typ = self.opt_ref(h, "type")?;
            let name = self.opt_ident(h, "name")?;
            out.push(ExceptHandler { span, typ, name, body: self.body(h)? });
        }
        let handlers = self.b.arena.alloc_slice_copy(&out);
        let finalbody = self.stmts(finalbody)?;
        let orelse = self.stmts(list(n, "orelse"))?;
        Ok(StmtKind::Try(self.b.alloc(Try { body, handlers, orelse, finalbody, is_star: name == "TryStar" })))
    }

    fn aliases(&mut self, items: &[Tree]) -> Res<&'a [Alias]> {
        let mut out = Vec::with_capacity(items.len());
        for a in items {
            let a = node_of(a, "alias")?;
            let span = self.span(a)?;
            out.push(Alias { span, name: self.ident(a, "name")?, asname: self.opt_ident(a, "asname")? });
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn type_params(&mut self, items: &[Tree]) -> Res<&'a [TypeParam<'a>]> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            let n = node_of(t, "type_param")?;
            let span = self.span(n)?;
            let scope = self.b.new_scope(2);
            let name = self.checked_ident(n, "name")?;
            let kind = match n.class.name {
                "TypeVar" => TypeParamKind::TypeVar { bound: self.opt_ref(n, "bound")? },
                "ParamSpec" => TypeParamKind::ParamSpec,
                _ => TypeParamKind::TypeVarTuple,
            };
            out.push(TypeParam { span, name, kind, default: self.opt_ref(n, "default_value")?, scope });
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    // -- patterns

    fn patterns(&mut self, items: &[Tree], star: bool) -> Res<&'a [Pattern<'a>]> {
        let mut out = Vec::with_capacity(items.len());
        for t in items {
            if *t == Tree::None {
                return value_error("None disallowed in pattern list");
            }
            out.push(self.pattern(t, star)?);
        }
        Ok(self.b.arena.alloc_slice_copy(&out))
    }

    fn pattern(&mut self, t: &Tree, star: bool) -> Res<Pattern<'a>> {
        let n = node_of(t, "pattern")?;
        let span = self.span(n)?;
        let kind = self.deeper(|f| f.pattern_kind(n, star))?;
        Ok(Pattern { span, kind })
    }

    fn capture(&mut self, n: &Node, field: &str) -> Res<Option<Sym>> {
        let Some(s) = self.opt_ident(n, field)? else { return Ok(None) };
        if s == known::UNDERSCORE {
            return value_error("can't capture name '_' in patterns");
        }
        self.check_name(s)?;
        Ok(Some(s))
    }

    fn pattern_kind(&mut self, n: &Node, star: bool) -> Res<PatternKind<'a>> {
        use PatternKind as K;
        Ok(match n.class.name {
            "MatchValue" => K::Value(self.pattern_expr(required(n, "value")?)?),
            "MatchSingleton" => match n.get("value") {
                Tree::Const(c @ (Const::None | Const::True | Const::False)) => K::Singleton(self.lit(c)?),
                Tree::None => K::Singleton(Lit::None),
                _ => return value_error("MatchSingleton can only contain True, False and None"),
            },
            "MatchSequence" => K::Sequence(self.patterns(list(n, "patterns"), true)?),
            "MatchMapping" => {
                let (keys, patterns) = (list(n, "keys"), list(n, "patterns"));
                if keys.len() != patterns.len() {
                    return value_error("MatchMapping doesn't have the same number of keys as patterns");
                }
                let rest = self.capture(n, "rest")?;
                let mut out = Vec::with_capacity(keys.len());
                for k in keys {
                    let literal = matches!(k, Tree::Node(k) if k.class.name == "Constant"
                        && matches!(k.get("value"), Tree::Const(Const::None | Const::True | Const::False) | Tree::None));
                    out.push(if literal { self.expr(k, Ctx::Load)? } else { *self.pattern_expr(k)? });
                }
                let keys = self.b.arena.alloc_slice_copy(&out);
                let patterns = self.patterns(patterns, false)?;
                K::Mapping(self.b.alloc(MappingPattern { keys, patterns, rest }))
            }
            "MatchClass" => {
                let (attrs, kwd) = (list(n, "kwd_attrs"), list(n, "kwd_patterns"));
                if attrs.len() != kwd.len() {
                    return value_error(
                        "MatchClass doesn't have the same number of keyword attributes as patterns",
                    );
                }
                let cls = self.load(n, "cls")?;
                let mut at = &cls;
                while let ExprKind::Attribute(v, _) = at.kind {
                    at = v;
                }
                if !matches!(at.kind, ExprKind::Name(_)) {
                    return value_error("MatchClass cls field can only contain Name or Attribute nodes.");
                }
                let kwd_attrs = self.idents(attrs)?;
                for &a in kwd_attrs {
                    self.check_name(a)?;
                }
                let patterns = self.patterns(list(n, "patterns"), false)?;
                let kwd_patterns = self.patterns(kwd, false)?;
                let spans: Vec<Span> = kwd_patterns.iter().map(|p| p.span).collect();
                let kwd_spans = self.b.arena.alloc_slice_copy(&spans);
                K::Class(self.b.alloc(ClassPattern { cls, patterns, kwd_attrs, kwd_patterns, kwd_spans }))
            }
            "MatchStar" => {
                if !star {
                    return value_error("can't use MatchStar here");
                }
                K::Star(self.capture(n, "name")?)
            }
            "MatchAs" => {
                let name = self.capture(n, "name")?;
                match n.get("pattern") {
                    Tree::None => K::As(None, name),
                    _ if name.is_none() => {
                        return value_error("MatchAs must specify a target name if a pattern is given");
                    }
                    t => {
                        let p = self.pattern(t, false)?;
                        K::As(Some(self.b.alloc(p)), name)
                    }
                }
            }
            "MatchOr" => {
                let ps = list(n, "patterns");
                if ps.len() < 2 {
                    return value_error("MatchOr requires at least 2 patterns");
                }
                K::Or(self.patterns(ps, false)?)
            }
            _ => return type_error("unexpected pattern"),
        })
    }

    /// The value of a pattern: a literal or an attribute.
    fn pattern_expr(&mut self, t: &Tree) -> Res<ExprRef<'a>> {
        let n = node_of(t, "expr")?;
        match n.class.name {
            "Constant" => {
                if !matches!(
                    n.get("value"),
                    Tree::Const(
                        Const::Int(_)
                            | Const::BigInt(..)
                            | Const::Float(_)
                            | Const::Complex(..)
                            | Const::Str(_)
                            | Const::Bytes(_)
                    )
                ) {
                    return value_error("unexpected constant inside of a literal pattern");
                }
            }
            "Attribute" | "UnaryOp" | "BinOp" | "JoinedStr" | "TemplateStr" => {}
            _ => return value_error("patterns may only match literals and attribute lookups"),
        }
        let e = self.expr(t, Ctx::Load)?;
        let e = self.b.pattern_value(e);
        if !matches!(
            e.kind,
            ExprKind::Constant(_)
                | ExprKind::Attribute(..)
                | ExprKind::JoinedStr(_)
                | ExprKind::TemplateStr(_)
        ) {
            return value_error("patterns may only match literals and attribute lookups");
        }
        Ok(self.b.alloc(e))
    }
}

fn operator(n: &Node) -> Res<BinOp> {
    let name = node_of(required(n, "op")?, "operator")?.class.name;
    Ok(OPERATORS.iter().find(|o| o.1 == name).map_or(BinOp::Add, |o| o.0))
}

fn conversion(n: &Node) -> Res<u8> {
    Ok(match n.get("conversion") {
        Tree::Int(c @ (115 | 114 | 97)) => *c as u8,
        Tree::Int(-1) | Tree::None => 0,
        Tree::Int(c) => {
            return Err(Error::of(
                ErrorKind::SystemError,
                format!("Unrecognized conversion character {c}"),
                Span::NONE,
            ));
        }
        _ => 0,
    })
}
