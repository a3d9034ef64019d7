//! Expressions back to text, for `from __future__ import annotations` (the layout of `Python/ast_unparse.c`).

use crate::ast::*;
use crate::names::Names;
use crate::repr;

/// Binding strengths, weakest first.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Prec {
    Tuple,
    Test,
    Or,
    And,
    Not,
    Cmp,
    Expr,
    BitXor,
    BitAnd,
    Shift,
    Arith,
    Term,
    Factor,
    Power,
    Await,
    Atom,
}

/// The text of an expression, as WTF-8.
pub(crate) fn unparse(names: &Names, e: &Expr) -> Vec<u8> {
    let mut u = Unparser { names, out: String::new() };
    u.expr(e, Prec::Test);
    u.out.into_bytes()
}

struct Unparser<'n, 'a> {
    names: &'n Names<'a>,
    out: String,
}

fn next(p: Prec) -> Prec {
    use Prec::*;
    match p {
        Tuple => Test,
        Test => Or,
        Or => And,
        And => Not,
        Not => Cmp,
        Cmp => Expr,
        Expr => BitXor,
        BitXor => BitAnd,
        BitAnd => Shift,
        Shift => Arith,
        Arith => Term,
        Term => Factor,
        Factor => Power,
        Power => Await,
        Await | Atom => Atom,
    }
}

impl<'a> Unparser<'_, 'a> {
    fn s(&mut self, s: &str) {
        self.out.push_str(s);
    }

    fn open(&mut self, level: Prec, own: Prec) -> bool {
        let p = level > own;
        if p {
            self.s("(");
        }
        p
    }

    fn close(&mut self, p: bool) {
        if p {
            self.s(")");
        }
    }

    fn list(&mut self, es: &[Expr<'a>]) {
        for (i, e) in es.iter().enumerate() {
            if i > 0 {
                self.s(", ");
            }
            self.expr(e, Prec::Test);
        }
    }

    fn expr(&mut self, e: &Expr<'a>, level: Prec) {
        match &e.kind {
            ExprKind::BoolOp(op, es) => {
                let (word, own) = match op {
                    BoolOp::And => (" and ", Prec::And),
                    BoolOp::Or => (" or ", Prec::Or),
                };
                let p = self.open(level, own);
                for (i, e) in es.iter().enumerate() {
                    if i > 0 {
                        self.s(word);
                    }
                    self.expr(e, next(own));
                }
                self.close(p);
            }
            ExprKind::BinOp(l, op, r) => {
                let (text, own, right_assoc) = match op {
                    BinOp::Add => (" + ", Prec::Arith, false),
                    BinOp::Sub => (" - ", Prec::Arith, false),
                    BinOp::Mul => (" * ", Prec::Term, false),
                    BinOp::MatMul => (" @ ", Prec::Term, false),
                    BinOp::Div => (" / ", Prec::Term, false),
                    BinOp::Mod => (" % ", Prec::Term, false),
                    BinOp::LShift => (" << ", Prec::Shift, false),
                    BinOp::RShift => (" >> ", Prec::Shift, false),
                    BinOp::BitOr => (" | ", Prec::Expr, false),
                    BinOp::BitXor => (" ^ ", Prec::BitXor, false),
                    BinOp::BitAnd => (" & ", Prec::BitAnd, false),
                    BinOp::FloorDiv => (" // ", Prec::Term, false),
                    BinOp::Pow => (" ** ", Prec::Power, true),
                };
                let p = self.open(level, own);
                self.expr(l, if right_assoc { next(own) } else { own });
                self.s(text);
                self.expr(r, if right_assoc { own } else { next(own) });
                self.close(p);
            }
            ExprKind::UnaryOp(op, v) => {
                let (text, own) = match op {
                    UnaryOp::Invert => ("~", Prec::Factor),
                    UnaryOp::Not => ("not ", Prec::Not),
                    UnaryOp::UAdd => ("+", Prec::Factor),
                    UnaryOp::USub => ("-", Prec::Factor),
                };
                let p = self.open(level, own);
                self.s(text);
                self.expr(v, own);
                self.close(p);
            }
            ExprKind::Lambda(l) => {
                let p = self.open(level, Prec::Test);
                let any = l.args.posonly.len() + l.args.args.len() + l.args.kwonly.len() > 0
                    || l.args.vararg.is_some()
                    || l.args.kwarg.is_some();
                self.s(if any { "lambda " } else { "lambda" });
                self.arguments(&l.args);
                self.s(": ");
                self.expr(&l.body, Prec::Test);
                self.close(p);
            }
            ExprKind::IfExp(i) => {
                let p = self.open(level, Prec::Test);
                self.expr(&i.body, next(Prec::Test));
                self.s(" if ");
                self.expr(&i.test, next(Prec::Test));
                self.s(" else ");
                self.expr(&i.orelse, Prec::Test);
                self.close(p);
            }
            ExprKind::Dict(items) => {
                self.s("{");
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.s(", ");
                    }
                    match &item.key {
                        Some(k) => {
                            self.expr(k, Prec::Test);
                            self.s(": ");
                            self.expr(&item.value, Prec::Test);
                        }
                        None => {
                            self.s("**");
                            self.expr(&item.value, Prec::Expr);
                        }
                    }
                }
                self.s("}");
            }
            ExprKind::Set(es) => {
                self.s("{");
                self.list(es);
                self.s("}");
            }
            ExprKind::ListComp(c) => self.comp("[", c, "]"),
            ExprKind::SetComp(c) | ExprKind::DictComp(c) => self.comp("{", c, "}"),
            ExprKind::GeneratorExp(c) => self.comp("(", c, ")"),
            ExprKind::Yield(v) => match v {
                None => self.s("(yield)"),
                Some(v) => {
                    self.s("(yield ");
                    self.expr(v, Prec::Test);
                    self.s(")");
                }
            },
            ExprKind::YieldFrom(v) => {
                self.s("(yield from ");
                self.expr(v, Prec::Test);
                self.s(")");
            }
            ExprKind::Await(v) => {
                let p = self.open(level, Prec::Await);
                self.s("await ");
                self.expr(v, Prec::Atom);
                self.close(p);
            }
            ExprKind::Compare(l, rest) => {
                let p = self.open(level, Prec::Cmp);
                self.expr(l, next(Prec::Cmp));
                for (op, r) in rest.iter() {
                    self.s(match op {
                        CmpOp::Eq => " == ",
                        CmpOp::NotEq => " != ",
                        CmpOp::Lt => " < ",
                        CmpOp::LtE => " <= ",
                        CmpOp::Gt => " > ",
                        CmpOp::GtE => " >= ",
                        CmpOp::Is => " is ",
                        CmpOp::IsNot => " is not ",
                        CmpOp::In => " in ",
                        CmpOp::NotIn => " not in ",
                    });
                    self.expr(r, next(Prec::Cmp));
                }
                self.close(p);
            }
            ExprKind::Call(c) => self.call(c),
            ExprKind::Constant(l) => self.constant(l),
            ExprKind::UStr(s) => {
                self.s("u");
                repr::string(&mut self.out, s);
            }
            ExprKind::JoinedStr(_) | ExprKind::FormattedValue(_) => self.fstring(e, "f"),
            ExprKind::TemplateStr(_) | ExprKind::Interpolation(_) => self.fstring(e, "t"),
            ExprKind::Attribute(v, attr) => {
                self.expr(v, Prec::Atom);
                // An int literal needs a space before the dot.
                let int = matches!(v.kind, ExprKind::Constant(Lit::Int(_) | Lit::Big(..)));
                self.s(if int { " ." } else { "." });
                let name = self.names.get(*attr);
                self.s(name);
            }
            ExprKind::Starred(v) => {
                self.s("*");
                self.expr(v, Prec::Expr);
            }
            ExprKind::Name(n) => {
                let name = self.names.get(*n);
                self.s(name);
            }
            ExprKind::List(es) => {
                self.s("[");
                self.list(es);
                self.s("]");
            }
            ExprKind::Tuple(es) => {
                if es.is_empty() {
                    self.s("()");
                    return;
                }
                let p = self.open(level, Prec::Tuple);
                self.list(es);
                if es.len() == 1 {
                    self.s(",");
                }
                self.close(p);
            }
            ExprKind::Subscript(v, i) => {
                self.expr(v, Prec::Atom);
                self.s("[");
                self.expr(i, Prec::Tuple);
                self.s("]");
            }
            ExprKind::Slice(s) => {
                if let Some(e) = &s.lower {
                    self.expr(e, Prec::Test);
                }
                self.s(":");
                if let Some(e) = &s.upper {
                    self.expr(e, Prec::Test);
                }
                if let Some(e) = &s.step {
                    self.s(":");
                    self.expr(e, Prec::Test);
                }
            }
            ExprKind::Named(t, v) => {
                let p = self.open(level, Prec::Tuple);
                self.expr(t, Prec::Atom);
                self.s(" := ");
                self.expr(v, Prec::Atom);
                self.close(p);
            }
        }
    }

    fn constant(&mut self, l: &Lit<'a>) {
        match l {
            Lit::Ellipsis => self.s("..."),
            Lit::Tuple(items) => {
                self.s("(");
                for (i, l) in items.iter().enumerate() {
                    if i > 0 {
                        self.s(", ");
                    }
                    self.constant(l);
                }
                self.s(if items.len() == 1 { ",)" } else { ")" });
            }
            _ => {
                // Infinity has no literal of its own.
                let text = repr::lit(l).replace("inf", "1e309");
                match l {
                    Lit::Float(_) | Lit::Complex(..) => self.s(&text),
                    _ => repr::push_lit(&mut self.out, l),
                }
            }
        }
    }

    fn call(&mut self, c: &Call<'a>) {
        self.expr(&c.func, Prec::Atom);
        if let ([Expr { kind: ExprKind::GeneratorExp(g), .. }], []) = (c.args, c.keywords) {
            self.comp("(", g, ")");
            return;
        }
        self.s("(");
        let mut first = true;
        for a in c.args {
            if !std::mem::take(&mut first) {
                self.s(", ");
            }
            self.expr(a, Prec::Test);
        }
        for k in c.keywords {
            if !std::mem::take(&mut first) {
                self.s(", ");
            }
            match k.arg {
                Some(n) => {
                    let name = self.names.get(n);
                    self.s(name);
                    self.s("=");
                }
                None => self.s("**"),
            }
            self.expr(&k.value, Prec::Test);
        }
        self.s(")");
    }

    fn comp(&mut self, open: &str, c: &Comp<'a>, close: &str) {
        self.s(open);
        self.expr(&c.elt, Prec::Test);
        if let Some(v) = &c.value {
            self.s(": ");
            self.expr(v, Prec::Test);
        }
        for g in c.generators {
            self.s(if g.is_async { " async for " } else { " for " });
            self.expr(&g.target, Prec::Tuple);
            self.s(" in ");
            self.expr(&g.iter, next(Prec::Test));
            for i in g.ifs {
                self.s(" if ");
                self.expr(i, next(Prec::Test));
            }
        }
        self.s(close);
    }

    fn arguments(&mut self, a: &Arguments<'a>) {
        let mut first = true;
        let positional = a.posonly.len() + a.args.len();
        let no_default = positional - a.defaults.len();
        for (i, arg) in a.posonly.iter().chain(a.args).enumerate() {
            self.comma(&mut first);
            self.arg(arg);
            if i >= no_default {
                self.s("=");
                self.expr(&a.defaults[i - no_default], Prec::Test);
            }
            if i + 1 == a.posonly.len() {
                self.s(", /");
            }
        }
        if a.vararg.is_some() || !a.kwonly.is_empty() {
            self.comma(&mut first);
            self.s("*");
            if let Some(v) = a.vararg {
                self.arg(v);
            }
        }
        for (arg, d) in a.kwonly.iter().zip(a.kw_defaults) {
            self.comma(&mut first);
            self.arg(arg);
            if let Some(d) = d {
                self.s("=");
                self.expr(d, Prec::Test);
            }
        }
        if let Some(k) = a.kwarg {
            self.comma(&mut first);
            self.s("**");
            self.arg(k);
        }
    }

    fn comma(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.s(", ");
        }
    }

    fn arg(&mut self, a: &Arg<'a>) {
        let name = self.names.get(a.name);
        self.s(name);
        if let Some(e) = a.annotation {
            self.s(": ");
            self.expr(e, Prec::Test);
        }
    }

    /// The body of an f-string is built first, then quoted as a whole.
    fn fstring(&mut self, e: &Expr<'a>, prefix: &str) {
        let outer = std::mem::take(&mut self.out);
        self.fstring_part(e);
        let body = std::mem::replace(&mut self.out, outer);
        self.s(prefix);
        repr::string(&mut self.out, body.as_bytes());
    }

    fn fstring_part(&mut self, e: &Expr<'a>) {
        match &e.kind {
            ExprKind::Constant(Lit::Str(s)) => {
                let text = String::from_utf8_lossy(s);
                let text = text.replace('{', "{{").replace('}', "}}");
                self.s(&text);
            }
            ExprKind::JoinedStr(parts) | ExprKind::TemplateStr(parts) => {
                for p in parts.iter() {
                    self.fstring_part(p);
                }
            }
            ExprKind::FormattedValue(f) => self.replacement(&f.value, f.conversion, f.spec),
            ExprKind::Interpolation(f) => self.replacement(&f.value, f.conversion, f.spec),
            _ => self.expr(e, Prec::Test),
        }
    }

    fn replacement(&mut self, value: &Expr<'a>, conversion: u8, spec: Option<ExprRef<'a>>) {
        let outer = std::mem::take(&mut self.out);
        self.expr(value, next(Prec::Test));
        let text = std::mem::replace(&mut self.out, outer);
        self.s(if text.starts_with('{') { "{ " } else { "{" });
        self.s(&text);
        if conversion != 0 {
            self.s("!");
            self.out.push(conversion as char);
        }
        if let Some(s) = spec {
            self.s(":");
            self.fstring_part(s);
        }
        self.s("}");
    }
}
