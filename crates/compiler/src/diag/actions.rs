//! What error productions do: the words behind `=>` in the grammar.
//!
//! `loc a TEXT`: at a. `range a b TEXT`: from a to b. `from a TEXT`: from a to where reading stands. `here TEXT`: at the
//! last token read. `next TEXT`: at the next token. `name a TEXT`: at a, `%s` being what a is. `block a TEXT`: an
//! IndentationError, `%d` being a's line. The rest are special cases.

use super::peg::{EMPTY, Kind, NodeId};
use super::tokens::{Diag, End, Pos, Tok, Token};
use super::{Parser, literals};
use crate::error::ErrorKind;

impl Parser<'_, '_> {
    pub(super) fn action(&mut self, text: &str, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        // The names of the captures.
        let rest = rest.strip_prefix("a b").or_else(|| rest.strip_prefix('a')).unwrap_or(rest).trim_start();
        let d = match word {
            "loc" => self.range(a, a, rest),
            "range" => self.range(a, b, rest),
            "from" => self.starting_from(a, rest),
            "here" => {
                let last = *self.toks.last()?;
                self.at_token(last, rest)
            }
            "next" => {
                let t = self.fill()?;
                self.at_token(t, rest)
            }
            "indent" => {
                let last = *self.toks.last()?;
                Diag { kind: ErrorKind::IndentationError, ..self.at_token(last, rest) }
            }
            "block" => {
                let line = self.first(a).line;
                let last = *self.toks.last()?;
                let msg = rest.replace("%d", &line.to_string());
                Diag { kind: ErrorKind::IndentationError, ..self.at_token(last, &msg) }
            }
            "name" => {
                let msg = rest.replace("%s", self.expr_name(a));
                self.range(a, a, &msg)
            }
            "range_text" => {
                let name = self.tok_text(self.first(a));
                self.range(a, b, &rest.replace("%s", name))
            }
            "range_last" => {
                let items = self.elements(b);
                let last = items.last().copied().unwrap_or(b);
                self.range(a, last, rest)
            }
            "range_items" => self.range(a, a, rest),
            "fstring" => return self.formatted(a, b, Kind::FString),
            "tstring" => return self.formatted(a, b, Kind::TString),
            "middle" => return self.middle(a),
            "target" => return self.invalid_target_error(text),
            "star" | "del" | "for" => return None,
            "comma" => {
                let level = self.toks[self.pos - 1].level;
                if self.is_legacy(a) || level == 0 {
                    return None;
                }
                self.range(a, b, "invalid syntax. Perhaps you forgot a comma?")
            }
            "legacy" => {
                if !self.is_legacy(a) {
                    return None;
                }
                let name = self.tok_text(self.first(a));
                let msg = format!("Missing parentheses in call to '{name}'. Did you mean {name}(...)?");
                self.range(a, b, &msg)
            }
            "genexp" => self.range(a, b, "Generator expression must be parenthesized"),
            "nonparen_genexp" => {
                let args: Vec<NodeId> = self
                    .elements(a)
                    .into_iter()
                    .filter(|n| !matches!(self.kind(*n), Kind::Keyword | Kind::DoubleStar))
                    .collect();
                if args.len() <= 1 {
                    return None;
                }
                self.range(args[args.len() - 1], b, "Generator expression must be parenthesized")
            }
            "arguments" => {
                let unpacking = self.elements(a).iter().any(|n| self.kind(*n) == Kind::DoubleStar);
                let what = if unpacking { "keyword argument unpacking" } else { "keyword argument" };
                let last = *self.toks.last()?;
                self.at_token(last, &format!("positional argument follows {what}"))
            }
            "kvpair" => {
                let end = self.last(a).end?;
                let at = Pos { line: self.first(a).line, col: end.col.saturating_sub(1) };
                Diag::new("':' expected after dictionary key", at, End::Zero)
            }
            "bound" => {
                let what = if self.kind(b) == Kind::Tuple { "constraints" } else { "bound" };
                self.starting_from(a, &format!("cannot use {what} with {rest}"))
            }
            "real" | "imaginary" => {
                let t = self.first(a);
                let imag = self.tok_text(t).ends_with(['j', 'J']);
                if imag == (word == "imaginary") {
                    return Some(a);
                }
                self.range(a, a, &format!("{word} number required in complex literal"))
            }
            "conversion" => return self.conversion(a, b),
            "number" => return self.number(a),
            "string" => return self.string(a),
            "strings" => return self.strings(a),
            "concat" => self.range(a, b, "cannot mix t-string literals with string or bytes literals"),
            _ => return None,
        };
        self.error = Some(d);
        None
    }

    fn kind(&self, n: NodeId) -> Kind {
        self.nodes[n as usize].kind
    }

    fn first(&self, n: NodeId) -> Token {
        self.toks[self.nodes[n as usize].from as usize]
    }

    fn last(&self, n: NodeId) -> Token {
        let to = self.nodes[n as usize].to as usize;
        self.toks[to.saturating_sub(1)]
    }

    fn range(&self, a: NodeId, b: NodeId, msg: &str) -> Diag {
        self.known(msg, self.first(a), self.last(b))
    }

    fn starting_from(&self, a: NodeId, msg: &str) -> Diag {
        let t = self.first(a);
        let here = self.tk.here();
        let end = Pos { line: here.line, col: here.col.saturating_sub(1) };
        Diag::new(msg, t.start.unwrap_or_default(), End::At(end))
    }

    fn is_legacy(&self, a: NodeId) -> bool {
        let n = &self.nodes[a as usize];
        n.to - n.from == 1 && {
            let t = self.first(a);
            t.kind == Tok::Name && matches!(self.tok_text(t), "print" | "exec")
        }
    }

    /// The expressions directly in a node: through sequences, not into expressions.
    fn elements(&self, n: NodeId) -> Vec<NodeId> {
        let mut out = Vec::new();
        self.collect(n, &mut out);
        out
    }

    fn collect(&self, n: NodeId, out: &mut Vec<NodeId>) {
        for &c in &self.nodes[n as usize].children {
            match self.kind(c) {
                Kind::Seq => self.collect(c, out),
                Kind::Token | Kind::Empty => {}
                _ => out.push(c),
            }
        }
        if self.nodes[n as usize].kind != Kind::Seq && out.is_empty() && n != EMPTY {
            // A node that is an expression itself.
            if !matches!(self.kind(n), Kind::Token | Kind::List | Kind::Tuple) {
                out.push(n);
            }
        }
    }

    /// What an expression is called in messages.
    fn expr_name(&self, n: NodeId) -> &'static str {
        match self.kind(n) {
            Kind::Attribute => "attribute",
            Kind::Subscript => "subscript",
            Kind::Starred => "starred",
            Kind::Name => "name",
            Kind::List => "list",
            Kind::Tuple => "tuple",
            Kind::Lambda => "lambda",
            Kind::Call => "function call",
            Kind::BoolOp | Kind::BinOp | Kind::UnaryOp => "expression",
            Kind::GeneratorExp => "generator expression",
            Kind::Yield => "yield expression",
            Kind::Await => "await expression",
            Kind::ListComp => "list comprehension",
            Kind::SetComp => "set comprehension",
            Kind::DictComp => "dict comprehension",
            Kind::Dict => "dict literal",
            Kind::Set => "set display",
            Kind::FString => "f-string expression",
            Kind::TString => "t-string expression",
            Kind::True => "True",
            Kind::False => "False",
            Kind::None => "None",
            Kind::Ellipsis => "ellipsis",
            Kind::Compare => "comparison",
            Kind::IfExp => "conditional expression",
            Kind::NamedExpr => "named expression",
            _ => match self.first(n).kind {
                Tok::Name => "name",
                _ => "literal",
            },
        }
    }

    fn invalid_target_error(&mut self, text: &str) -> Option<NodeId> {
        // `target star a`
        let which = text.split(' ').nth(1).unwrap_or("star");
        let a = self.captured_target;
        let bad = self.invalid_target(a, which)?;
        let verb = if which == "del" { "delete" } else { "assign to" };
        let msg = format!("cannot {verb} {}", self.expr_name(bad));
        self.error = Some(self.range(bad, bad, &msg));
        None
    }

    fn invalid_target(&self, n: NodeId, which: &str) -> Option<NodeId> {
        match self.kind(n) {
            Kind::List | Kind::Tuple => {
                self.elements(n).into_iter().find_map(|e| self.invalid_target(e, which))
            }
            Kind::Starred if which == "del" => Some(n),
            Kind::Starred => {
                let inner = *self.elements(n).first()?;
                self.invalid_target(inner, which)
            }
            Kind::Compare if which == "for" => {
                let node = &self.nodes[n as usize];
                let (left, pairs) = (node.children[0], node.children[1]);
                let op = self.tok_text(self.first(pairs));
                if op == "in" { self.invalid_target(left, which) } else { None }
            }
            Kind::Name | Kind::Subscript | Kind::Attribute => None,
            Kind::Token if self.first(n).kind == Tok::Name => None,
            _ => Some(n),
        }
    }

    // -- checks that the first pass makes too

    fn conversion(&mut self, a: NodeId, b: NodeId) -> Option<NodeId> {
        let (bang, name) = (self.first(a), self.first(b));
        let letter = self.string_letter();
        if bang.to != name.from {
            let msg = format!("{letter}-string: conversion type must come right after the exclamation mark");
            self.error = Some(self.range(a, b, &msg));
            return None;
        }
        let text = self.tok_text(name);
        if !matches!(text, "s" | "r" | "a") {
            let shown = crate::repr::lit(&crate::ast::Lit::Str(text.as_bytes()));
            let msg =
                format!("{letter}-string: invalid conversion character {shown}: expected 's', 'r', or 'a'");
            self.error = Some(self.range(b, b, &msg));
            return None;
        }
        Some(a)
    }

    /// `f` or `t`: the innermost string being read.
    fn string_letter(&self) -> char {
        let mut open = Vec::new();
        for t in &self.toks[..self.pos] {
            match t.kind {
                Tok::FStart => open.push('f'),
                Tok::TStart => open.push('t'),
                Tok::FEnd | Tok::TEnd => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop().unwrap_or('f')
    }

    fn number(&mut self, a: NodeId) -> Option<NodeId> {
        let t = self.first(a);
        let digits = self.tok_text(t).bytes().filter(u8::is_ascii_digit).count();
        let plain = self.tok_text(t).bytes().all(|b| b.is_ascii_digit() || b == b'_');
        if plain && self.max_digits != 0 && digits > self.max_digits {
            let mut d = Diag::new(
                crate::lower::too_many_digits(self.max_digits, digits),
                Pos { line: t.line, col: 0 },
                End::Zero,
            );
            d.col_zero = true;
            self.error = Some(d);
            return None;
        }
        let n = self.nodes[a as usize].clone();
        Some(self.node_at(Kind::Number, n.from, n.to))
    }

    fn node_at(&mut self, kind: Kind, from: u32, to: u32) -> NodeId {
        self.nodes.push(super::Node { kind, from, to, children: Vec::new() });
        self.nodes.len() as NodeId - 1
    }

    /// The texts of an f-string are decoded when it is complete.
    fn formatted(&mut self, a: NodeId, b: NodeId, kind: Kind) -> Option<NodeId> {
        let (from, to) = (self.nodes[a as usize].from, self.nodes[b as usize].to);
        let start = self.toks[from as usize];
        let raw = self.tok_text(start).bytes().any(|c| c.eq_ignore_ascii_case(&b'r'));
        // Only its own texts: those of strings inside were looked at before, format specs too.
        let (mut nested, mut braces) = (0, 0);
        for i in from + 1..to - 1 {
            let t = self.toks[i as usize];
            match t.kind {
                Tok::FStart | Tok::TStart => nested += 1,
                Tok::FEnd | Tok::TEnd => nested -= 1,
                Tok::Op if nested == 0 && self.tok_text(t) == "{" => braces += 1,
                Tok::Op if nested == 0 && self.tok_text(t) == "}" => braces -= 1,
                Tok::FMiddle | Tok::TMiddle if nested == 0 && braces == 0 && !raw => {
                    if let Some(msg) = literals::text_error(self.tok_text(t)) {
                        self.error = Some(self.known(&msg, t, t));
                        return None;
                    }
                }
                _ => {}
            }
        }
        Some(self.node_at(kind, from, to))
    }

    fn middle(&mut self, a: NodeId) -> Option<NodeId> {
        let t = self.first(a);
        if let Some(msg) = literals::text_error(self.tok_text(t)) {
            self.error = Some(self.known(&msg, t, t));
            return None;
        }
        Some(a)
    }

    fn string(&mut self, a: NodeId) -> Option<NodeId> {
        let t = self.first(a);
        if let Some(msg) = literals::error(self.tok_text(t)) {
            self.error = Some(self.known(&msg, t, t));
            return None;
        }
        let n = self.nodes[a as usize].clone();
        Some(self.node_at(Kind::String, n.from, n.to))
    }

    fn strings(&mut self, a: NodeId) -> Option<NodeId> {
        let (mut bytes, mut text, mut formatted) = (false, false, false);
        let (from, to) = (self.nodes[a as usize].from, self.nodes[a as usize].to);
        for i in 0..self.nodes[a as usize].children.len() {
            let c = self.nodes[a as usize].children[i];
            if self.kind(c) == Kind::FString {
                text = true;
                formatted = true;
            } else if literals::is_bytes(self.tok_text(self.first(c))) {
                bytes = true;
            } else {
                text = true;
            }
        }
        if bytes && text {
            let last = *self.toks.last()?;
            self.error = Some(self.at_token(last, "cannot mix bytes and nonbytes literals"));
            return None;
        }
        Some(self.node_at(if formatted { Kind::FString } else { Kind::String }, from, to))
    }
}
